locals {
  # As the Dockerfile lays them out.
  program = { for name in ["fetcher", "normalizer", "loader", "everycent"] : name => "/usr/local/bin/${name}" }

  configuration_folder = "/etc/everycent"
  keys_folder          = "/etc/everycent-keys"
  health_port          = 8080

  environment = merge({
    EVERYCENT_CONFIG = "${local.configuration_folder}/everycent.toml"
    # The only folder that is written to; it lies in memory.
    EVERYCENT_HOME = "/tmp/everycent"
    # Names traces in log lines as Cloud Logging finds them.
    GOOGLE_CLOUD_PROJECT = var.project_id
  }, var.otlp_endpoint == null ? {} : { OTEL_EXPORTER_OTLP_ENDPOINT = var.otlp_endpoint })

  # A key is a file, and the file is read whenever the key is used: a rotated key needs no restart.
  key_files = { for variable, _ in var.vendor_keys : variable => {
    volume = lower(replace(variable, "_", "-"))
    folder = "${local.keys_folder}/${lower(variable)}"
  } }
  key_environment = { for variable, file in local.key_files : "${variable}_FILE" => "${file.folder}/key" }
}

# A worker pool runs without requests, which is what a puller is; see docs/decisions/0003-worker-pools.md.
resource "google_cloud_run_v2_worker_pool" "service" {
  for_each = local.running ? local.services : toset([])

  name                = "everycent-${each.key}"
  location            = var.region
  deletion_protection = var.deletion_protection

  # Worker pools scale by hand only; the API has no mode beside the number.
  scaling {
    manual_instance_count = var.instances[each.key]
  }

  template {
    service_account = google_service_account.actor[each.key].email

    containers {
      image   = var.image
      command = [local.program[each.key]]

      dynamic "env" {
        for_each = merge(
          local.environment,
          { EVERYCENT_LISTEN = "0.0.0.0:${local.health_port}" },
          each.key == "fetcher" ? local.key_environment : {},
        )
        content {
          name  = env.key
          value = env.value
        }
      }

      resources {
        limits = {
          cpu    = var.cpu
          memory = var.memory
        }
      }

      volume_mounts {
        name       = "configuration"
        mount_path = local.configuration_folder
      }

      dynamic "volume_mounts" {
        for_each = each.key == "fetcher" ? local.key_files : {}
        content {
          name       = volume_mounts.value.volume
          mount_path = volume_mounts.value.folder
        }
      }

      # A loader that makes its tables for the first time takes a while.
      startup_probe {
        period_seconds    = 10
        timeout_seconds   = 5
        failure_threshold = 18
        http_get {
          path = "/healthz"
          port = local.health_port
        }
      }

      liveness_probe {
        period_seconds    = 60
        timeout_seconds   = 10
        failure_threshold = 5
        http_get {
          path = "/healthz"
          port = local.health_port
        }
      }
    }

    volumes {
      name = "configuration"
      secret {
        secret = google_secret_manager_secret.configuration.secret_id
        items {
          path    = "everycent.toml"
          version = google_secret_manager_secret_version.configuration.version
        }
      }
    }

    dynamic "volumes" {
      for_each = each.key == "fetcher" ? local.key_files : {}
      content {
        name = volumes.value.volume
        secret {
          secret = google_secret_manager_secret.vendor_key[volumes.key].secret_id
          items {
            path    = "key"
            version = "latest"
          }
        }
      }
    }
  }

  depends_on = [
    google_bigquery_dataset.tables,
    google_project_iam_member.jobs,
    google_pubsub_subscription_iam_member.reader,
    google_pubsub_topic_iam_member.publisher,
    google_secret_manager_secret_iam_member.configuration,
    google_secret_manager_secret_iam_member.fetcher_reads_keys,
    google_storage_bucket_iam_member.names,
    google_storage_bucket_iam_member.objects,
  ]
}

# Proves the tables, and fails when it can't.
resource "google_cloud_run_v2_job" "reconcile" {
  count = local.running ? 1 : 0

  name                = "everycent-reconcile"
  location            = var.region
  deletion_protection = var.deletion_protection

  template {
    template {
      service_account = google_service_account.actor["operator"].email
      # What does not reconcile does not the second time either.
      max_retries = 0
      timeout     = "3600s"

      containers {
        image   = var.image
        command = [local.program["everycent"]]
        args    = ["reconcile"]

        dynamic "env" {
          for_each = local.environment
          content {
            name  = env.key
            value = env.value
          }
        }

        resources {
          limits = {
            cpu    = var.cpu
            memory = var.memory
          }
        }

        volume_mounts {
          name       = "configuration"
          mount_path = local.configuration_folder
        }
      }

      volumes {
        name = "configuration"
        secret {
          secret = google_secret_manager_secret.configuration.secret_id
          items {
            path    = "everycent.toml"
            version = google_secret_manager_secret_version.configuration.version
          }
        }
      }
    }
  }

  depends_on = [google_secret_manager_secret_iam_member.configuration]
}
