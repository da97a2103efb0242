# One for each service, one for people and the job that reconciles, one that may start this job and nothing else.
resource "google_service_account" "actor" {
  for_each = {
    fetcher    = "EveryCent fetcher: asks the vendors"
    normalizer = "EveryCent normalizer: makes rows of answers"
    loader     = "EveryCent loader: merges rows into the tables"
    operator   = "EveryCent operator: sync, replay, reconcile, status, import"
    scheduler  = "EveryCent scheduler: starts the job that reconciles"
  }

  account_id   = "everycent-${each.key}"
  display_name = each.value

  depends_on = [google_project_service.needed]
}

locals {
  actor = { for name, account in google_service_account.actor : name => "serviceAccount:${account.email}" }
}

# People have no keys of the operator; they act as it.
resource "google_service_account_iam_member" "operators" {
  for_each = var.operators

  service_account_id = google_service_account.actor["operator"].name
  role               = "roles/iam.serviceAccountTokenCreator"
  member             = each.value
}
