output "addresses" {
  description = "The addresses of what was made, as a configuration says them."
  value = {
    store     = "gs://${google_storage_bucket.store.name}"
    bus       = "pubsub://${var.project_id}"
    warehouse = "bigquery://${var.project_id}/${google_bigquery_dataset.tables.dataset_id}"
  }
}

output "image_repository" {
  description = "Where the image is pushed to."
  value       = one([for repository in google_artifact_registry_repository.images : "${repository.location}-docker.pkg.dev/${var.project_id}/${repository.repository_id}"])
}

output "secrets" {
  description = "The secrets that wait for a value, by variable."
  value       = { for variable, secret in google_secret_manager_secret.vendor_key : variable => secret.secret_id }
}

output "operator" {
  description = "The account that operators act as."
  value       = google_service_account.actor["operator"].email
}

output "schedules" {
  description = "The jobs of Cloud Scheduler, by source."
  value       = { for source, job in google_cloud_scheduler_job.fetch : source => job.name }
}
