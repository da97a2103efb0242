data "google_project" "this" {
  project_id = var.project_id
}

locals {
  bucket   = coalesce(var.bucket_name, "${var.project_id}-everycent")
  location = coalesce(var.dataset_location, var.region)
  number   = data.google_project.this.number
  services = toset(["fetcher", "normalizer", "loader"])
  # Without an image there is nothing to run yet.
  running = var.image != null
}

resource "google_project_service" "needed" {
  for_each = toset([
    "artifactregistry.googleapis.com",
    "bigquery.googleapis.com",
    "cloudscheduler.googleapis.com",
    "iam.googleapis.com",
    "iamcredentials.googleapis.com",
    "logging.googleapis.com",
    "monitoring.googleapis.com",
    "pubsub.googleapis.com",
    "run.googleapis.com",
    "secretmanager.googleapis.com",
    "storage.googleapis.com",
  ])

  service = each.value
  # Another one may use it.
  disable_on_destroy = false
}

resource "google_artifact_registry_repository" "images" {
  count = var.create_repository ? 1 : 0

  repository_id = "everycent"
  location      = var.region
  format        = "DOCKER"
  description   = "Images of EveryCent."

  docker_config {
    immutable_tags = true
  }

  depends_on = [google_project_service.needed]
}
