# A vendor may restate a day long after it said to be done with it. Once a month each report is asked for a month more than
# its schedule reaches back, so that every day is asked for once again after it settled.

variable "settled_days_per_month" {
  description = "Days before those of the schedules that are asked for again once a month; 0 asks for none."
  type        = number
  default     = 30

  validation {
    condition     = var.settled_days_per_month >= 0 && var.settled_days_per_month <= 366
    error_message = "settled_days_per_month is from 0 to 366."
  }
}

locals {
  settled = { for source, schedule in local.wanted : source => schedule.trailing_days + var.settled_days_per_month
  if schedule.trailing_days > 0 && var.settled_days_per_month > 0 }
}

resource "google_cloud_scheduler_job" "fetch_settled" {
  for_each = local.settled

  name        = "everycent-settled-${replace(replace(each.key, "/", "-"), "_", "-")}"
  description = "Asks for settled days of ${each.key} again."
  region      = var.region
  schedule    = "50 3 2 * *"
  time_zone   = "Etc/UTC"
  paused      = !local.running

  pubsub_target {
    topic_name = google_pubsub_topic.event["fetch-requested"].id
    data = base64encode(jsonencode({
      source        = each.key
      trailing_days = each.value
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
