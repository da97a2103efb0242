resource "google_monitoring_notification_channel" "email" {
  for_each = var.notification_emails

  display_name = "EveryCent: ${each.value}"
  type         = "email"
  labels       = { email_address = each.value }

  depends_on = [google_project_service.needed]
}

locals {
  channels = concat(
    [for channel in google_monitoring_notification_channel.email : channel.name],
    tolist(var.notification_channels),
  )
  from_services = "resource.type=\"cloud_run_worker_pool\" AND resource.labels.worker_pool_name=~\"^everycent-\""
  guide         = "docs/google-cloud.md of EveryCent says what to do, under \"When an alert comes\"."
}

# A service gave a message up. The line has the reason.
resource "google_monitoring_alert_policy" "given_up" {
  display_name          = "EveryCent: a message was given up"
  combiner              = "OR"
  severity              = "ERROR"
  notification_channels = local.channels

  conditions {
    display_name = "a service said so"

    condition_matched_log {
      filter = "${local.from_services} AND jsonPayload.message=(\"event given up\" OR \"message given up\")"
      label_extractors = {
        topic  = "EXTRACT(jsonPayload.topic)"
        reason = "EXTRACT(jsonPayload.reason)"
      }
    }
  }

  alert_strategy {
    auto_close = "86400s"
    notification_rate_limit {
      period = "3600s"
    }
  }

  documentation {
    mime_type = "text/markdown"
    content   = "`$${log.extracted_label.topic}`: $${log.extracted_label.reason}\n\n${local.guide}"
  }
}

# Dead letters that nobody has taken away, also those of Pub/Sub itself, which writes no line.
resource "google_monitoring_alert_policy" "dead_letters" {
  display_name          = "EveryCent: dead letters wait"
  combiner              = "OR"
  severity              = "ERROR"
  notification_channels = local.channels

  conditions {
    display_name = "a dead-letter subscription is not empty"

    condition_threshold {
      filter = join(" AND ", [
        "resource.type = \"pubsub_subscription\"",
        "resource.labels.subscription_id = monitoring.regex.full_match(\"everycent-.*-dead-sub\")",
        "metric.type = \"pubsub.googleapis.com/subscription/num_undelivered_messages\"",
      ])
      comparison      = "COMPARISON_GT"
      threshold_value = 0
      duration        = "0s"

      aggregations {
        alignment_period   = "300s"
        per_series_aligner = "ALIGN_MAX"
      }
    }
  }

  documentation {
    mime_type = "text/markdown"
    content   = "`everycent dead-letters` tells their reasons and sends them again. ${local.guide}"
  }

  depends_on = [google_pubsub_subscription.dead]
}

# A window could not be fetched: its days are failed buckets until a later fetch.
resource "google_monitoring_alert_policy" "failed_windows" {
  display_name          = "EveryCent: a window could not be fetched"
  combiner              = "OR"
  severity              = "WARNING"
  notification_channels = local.channels

  conditions {
    display_name = "the fetcher said so"

    condition_matched_log {
      filter = join(" AND ", [
        "resource.type=\"cloud_run_worker_pool\"",
        "resource.labels.worker_pool_name=\"everycent-fetcher\"",
        "severity>=WARNING",
        "jsonPayload.window:*",
      ])
      label_extractors = {
        source = "EXTRACT(jsonPayload.source)"
        window = "EXTRACT(jsonPayload.window)"
      }
    }
  }

  alert_strategy {
    auto_close = "86400s"
    notification_rate_limit {
      period = "21600s"
    }
  }

  documentation {
    mime_type = "text/markdown"
    content   = "`$${log.extracted_label.source}`, $${log.extracted_label.window}. ${local.guide}"
  }
}

# Nothing new in the tables. Counted by what the loader publishes after each merge, so that a batch that changed nothing
# counts as well; a loader that is stopped, a schedule that is paused and a lost permission all end here.
resource "google_monitoring_alert_policy" "stale" {
  display_name          = "EveryCent: nothing was merged for ${var.staleness_hours} hours"
  combiner              = "OR"
  severity              = "ERROR"
  notification_channels = local.channels

  conditions {
    display_name = "no batch-merged"

    condition_threshold {
      filter = join(" AND ", [
        "resource.type = \"pubsub_topic\"",
        "resource.labels.topic_id = \"${google_pubsub_topic.event["batch-merged"].name}\"",
        "metric.type = \"pubsub.googleapis.com/topic/send_request_count\"",
      ])
      comparison              = "COMPARISON_LT"
      threshold_value         = 1
      duration                = "300s"
      evaluation_missing_data = "EVALUATION_MISSING_DATA_ACTIVE"

      aggregations {
        alignment_period     = "${var.staleness_hours * 60 * 60}s"
        per_series_aligner   = "ALIGN_SUM"
        cross_series_reducer = "REDUCE_SUM"
      }
    }
  }

  documentation {
    mime_type = "text/markdown"
    content   = local.guide
  }
}

resource "google_monitoring_alert_policy" "backlog" {
  display_name          = "EveryCent: a message waits for more than ${var.backlog_hours} hours"
  combiner              = "OR"
  severity              = "WARNING"
  notification_channels = local.channels

  conditions {
    display_name = "the oldest message of a subscription"

    condition_threshold {
      filter = join(" AND ", [
        "resource.type = \"pubsub_subscription\"",
        "resource.labels.subscription_id = one_of(${join(", ", [for sub in google_pubsub_subscription.event : "\"${sub.name}\""])})",
        "metric.type = \"pubsub.googleapis.com/subscription/oldest_unacked_message_age\"",
      ])
      comparison      = "COMPARISON_GT"
      threshold_value = var.backlog_hours * 60 * 60
      duration        = "0s"

      aggregations {
        alignment_period   = "300s"
        per_series_aligner = "ALIGN_MAX"
      }
    }
  }

  documentation {
    mime_type = "text/markdown"
    content   = local.guide
  }
}

# A service ended by itself: it logs why, Cloud Run starts it again, and it ends again until a person did something.
resource "google_monitoring_alert_policy" "stopped" {
  display_name          = "EveryCent: a service stops"
  combiner              = "OR"
  severity              = "ERROR"
  notification_channels = local.channels

  conditions {
    display_name = "it says what it lacks"

    condition_matched_log {
      # Its last line, or what Cloud Run says of a process that did not end well.
      filter = join(" AND ", [
        local.from_services,
        "(textPayload=~\"^(fetcher|normalizer|loader): \" OR textPayload=~\"Container called exit.[1-9]\")",
      ])
      label_extractors = {
        service = "EXTRACT(resource.labels.worker_pool_name)"
      }
    }
  }

  alert_strategy {
    auto_close = "86400s"
    notification_rate_limit {
      period = "3600s"
    }
  }

  documentation {
    mime_type = "text/markdown"
    content   = "`$${log.extracted_label.service}`; its log says what it lacks. ${local.guide}"
  }
}

resource "google_monitoring_alert_policy" "reconciliation" {
  count = local.running ? 1 : 0

  display_name          = "EveryCent: the tables do not reconcile"
  combiner              = "OR"
  severity              = "ERROR"
  notification_channels = local.channels

  conditions {
    display_name = "the job failed"

    condition_threshold {
      filter = join(" AND ", [
        "resource.type = \"cloud_run_job\"",
        "resource.labels.job_name = \"${google_cloud_run_v2_job.reconcile[0].name}\"",
        "metric.type = \"run.googleapis.com/job/completed_execution_count\"",
        "metric.labels.result = \"failed\"",
      ])
      comparison      = "COMPARISON_GT"
      threshold_value = 0
      duration        = "0s"

      aggregations {
        alignment_period   = "300s"
        per_series_aligner = "ALIGN_DELTA"
      }
    }
  }

  documentation {
    mime_type = "text/markdown"
    content   = "The job's log names the check, the day and both figures. ${local.guide}"
  }
}
