locals {
  # Each topic with the service that reads it, and who else publishes to it. A reader publishes as well: at its end it
  # hands back, as copies, the messages that it has not tried.
  topics = {
    fetch-requested  = { reader = "fetcher", writers = ["operator"] }
    snapshot-stored  = { reader = "normalizer", writers = ["fetcher", "loader", "operator"] }
    batch-normalized = { reader = "loader", writers = ["normalizer"] }
    batch-merged     = { reader = null, writers = ["loader"] }
    fetch-failed     = { reader = "loader", writers = ["fetcher", "normalizer", "operator"] }
    answer-decided   = { reader = "loader", writers = ["operator"] }
  }
  read_topics = { for topic, of in local.topics : topic => of.reader if of.reader != null }

  message_retention = "${var.message_days * 24 * 60 * 60}s"
  pubsub_agent      = "serviceAccount:service-${local.number}@gcp-sa-pubsub.iam.gserviceaccount.com"
}

resource "google_pubsub_schema" "event" {
  for_each = local.topics

  name       = "everycent-${each.key}"
  type       = "AVRO"
  definition = file("${path.module}/../../schemas/events/${replace(each.key, "-", "_")}.avsc")

  depends_on = [google_project_service.needed]
}

resource "google_pubsub_topic" "event" {
  for_each = local.topics

  name = "everycent-${each.key}"

  # Any revision of the schema, so that services of two versions can run side by side.
  schema_settings {
    schema = google_pubsub_schema.event[each.key].id
    # A scheduler and a person can write JSON; services write the bare datum.
    encoding = each.key == "fetch-requested" ? "JSON" : "BINARY"
  }
}

# What was given up, as it was, whatever it was: without a schema.
resource "google_pubsub_topic" "dead" {
  for_each = local.read_topics

  name = "everycent-${each.key}-dead"

  depends_on = [google_project_service.needed]
}

resource "google_pubsub_subscription" "event" {
  for_each = local.read_topics

  name  = "everycent-${each.key}-sub"
  topic = google_pubsub_topic.event[each.key].id

  ack_deadline_seconds       = 60
  message_retention_duration = local.message_retention

  # The service gives a message up after 30 deliveries, with a reason. This stands behind it, and makes Pub/Sub count.
  dead_letter_policy {
    dead_letter_topic     = google_pubsub_topic.dead[each.key].id
    max_delivery_attempts = 60
  }

  retry_policy {
    minimum_backoff = "1s"
    maximum_backoff = "600s"
  }

  # It never expires; otherwise it would after a month in which nobody read.
  expiration_policy {
    ttl = ""
  }
}

resource "google_pubsub_subscription" "dead" {
  for_each = local.read_topics

  name  = "everycent-${each.key}-dead-sub"
  topic = google_pubsub_topic.dead[each.key].id

  ack_deadline_seconds       = 60
  message_retention_duration = local.message_retention

  expiration_policy {
    ttl = ""
  }
}
