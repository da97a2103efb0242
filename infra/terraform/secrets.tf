# Containers only. A value is put in by hand, and never stands in a file or in the state:
#   gcloud secrets versions add everycent-anthropic-admin-key --data-file=-
resource "google_secret_manager_secret" "vendor_key" {
  for_each = var.vendor_keys

  secret_id           = each.value
  deletion_protection = var.deletion_protection

  replication {
    user_managed {
      replicas {
        location = var.region
      }
    }
  }

  depends_on = [google_project_service.needed]
}

# The configuration is no secret; this is how a file gets into a container. A change makes a new version and, because its
# number stands in the services, restarts them.
resource "google_secret_manager_secret" "configuration" {
  secret_id           = "everycent-configuration"
  deletion_protection = var.deletion_protection

  replication {
    user_managed {
      replicas {
        location = var.region
      }
    }
  }

  depends_on = [google_project_service.needed]
}

resource "google_secret_manager_secret_version" "configuration" {
  secret = google_secret_manager_secret.configuration.id
  secret_data = join("\n", [
    trimspace(file(var.configuration_file)),
    "",
    "[addresses]",
    "store = \"gs://${google_storage_bucket.store.name}\"",
    "bus = \"pubsub://${var.project_id}\"",
    "warehouse = \"bigquery://${var.project_id}/${google_bigquery_dataset.tables.dataset_id}\"",
    "",
  ])

  # The one before stays until the services run with the new one.
  lifecycle {
    create_before_destroy = true
  }
}
