locals {
  # Every report that a vendor is asked for, as the programs know it; written by `make docs`.
  reports = jsondecode(file("${path.module}/reports.json"))

  schedules = var.schedules != null ? var.schedules : {
    for source, report in local.reports : source => { cron = report.cron, trailing_days = report.trailing_days }
  }
  wanted = { for source, schedule in local.schedules : source => schedule if contains(var.vendors, split("/", source)[0]) }

  scheduler_agent = "serviceAccount:service-${local.number}@gcp-sa-cloudscheduler.iam.gserviceaccount.com"
}

# One request for each source. Every field is there, for a topic with a schema takes no absent ones: the fetcher fills in
# every account of the vendor, and the days up to yesterday.
resource "google_cloud_scheduler_job" "fetch" {
  for_each = local.wanted

  name        = "everycent-fetch-${replace(replace(each.key, "/", "-"), "_", "-")}"
  description = "Asks for ${each.key}."
  region      = var.region
  schedule    = each.value.cron
  time_zone   = "Etc/UTC"
  # What is asked for waits; what is not loaded can't.
  paused = !local.running

  pubsub_target {
    topic_name = google_pubsub_topic.event["fetch-requested"].id
    data = base64encode(jsonencode({
      source        = each.key
      trailing_days = each.value.trailing_days
      account_id    = null
      from_date     = null
      to_date       = null
      requested_at  = null
    }))
  }

  retry_config {
    retry_count          = 3
    min_backoff_duration = "30s"
  }
}

# Cloud Scheduler publishes, and acts as the account that starts the job, as its own service agent. One that was made by
# hand, before the first schedule, does not get its role by itself.
resource "google_project_iam_member" "scheduler_agent" {
  project = var.project_id
  role    = "roles/cloudscheduler.serviceAgent"
  member  = local.scheduler_agent

  depends_on = [google_project_service.needed]
}

resource "google_cloud_scheduler_job" "reconcile" {
  count = local.running ? 1 : 0

  name        = "everycent-reconcile"
  description = "Starts the job that proves the tables."
  region      = var.region
  schedule    = var.reconcile_cron
  time_zone   = "Etc/UTC"

  http_target {
    http_method = "POST"
    uri         = "https://run.googleapis.com/v2/${google_cloud_run_v2_job.reconcile[0].id}:run"

    oauth_token {
      service_account_email = google_service_account.actor["scheduler"].email
    }
  }

  retry_config {
    retry_count          = 3
    min_backoff_duration = "60s"
  }
}

resource "google_cloud_run_v2_job_iam_member" "scheduler_starts" {
  count = local.running ? 1 : 0

  name     = google_cloud_run_v2_job.reconcile[0].name
  location = var.region
  role     = "roles/run.invoker"
  member   = local.actor["scheduler"]
}
