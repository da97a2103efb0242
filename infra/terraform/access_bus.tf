locals {
  publishers = merge([for topic, of in local.topics : {
    for actor in distinct(concat(of.writers, of.reader == null ? [] : [of.reader])) : "${topic}/${actor}" => {
      topic = topic
      actor = actor
    }
  }]...)
}

resource "google_pubsub_topic_iam_member" "publisher" {
  for_each = local.publishers

  topic  = google_pubsub_topic.event[each.value.topic].id
  role   = "roles/pubsub.publisher"
  member = local.actor[each.value.actor]
}

resource "google_pubsub_subscription_iam_member" "reader" {
  for_each = local.read_topics

  subscription = google_pubsub_subscription.event[each.key].id
  role         = "roles/pubsub.subscriber"
  member       = local.actor[each.value]
}

resource "google_pubsub_topic_iam_member" "gives_up" {
  for_each = local.read_topics

  topic  = google_pubsub_topic.dead[each.key].id
  role   = "roles/pubsub.publisher"
  member = local.actor[each.value]
}

# `everycent status` looks at dead letters, and leaves them where they are; `everycent dead-letters` publishes them again,
# and acks what it published or was told to forget. Rows that were given up are made again of their answer: who could
# publish batches could put any figure into the tables.
resource "google_pubsub_subscription_iam_member" "looks_at_dead" {
  for_each = local.read_topics

  subscription = google_pubsub_subscription.dead[each.key].id
  role         = "roles/pubsub.subscriber"
  member       = local.actor["operator"]
}

# Pub/Sub itself moves what nobody could handle: it publishes to the one topic and acks on the other's subscription.
resource "google_pubsub_topic_iam_member" "agent_gives_up" {
  for_each = local.read_topics

  topic  = google_pubsub_topic.dead[each.key].id
  role   = "roles/pubsub.publisher"
  member = local.pubsub_agent
}

resource "google_pubsub_subscription_iam_member" "agent_acks" {
  for_each = local.read_topics

  subscription = google_pubsub_subscription.event[each.key].id
  role         = "roles/pubsub.subscriber"
  member       = local.pubsub_agent
}

# A replay and an import follow what becomes of their batches by a subscription of their own, for as long as they run.
# Pub/Sub takes no condition on names, so this right holds for all subscriptions of the project.
resource "google_project_iam_custom_role" "follower" {
  role_id = "everycentFollower"
  title   = "EveryCent: follow a topic for as long as a command runs"
  permissions = [
    "pubsub.subscriptions.consume",
    "pubsub.subscriptions.create",
    "pubsub.subscriptions.delete",
  ]

  depends_on = [google_project_service.needed]
}

resource "google_project_iam_member" "operator_follows" {
  project = var.project_id
  role    = google_project_iam_custom_role.follower.id
  member  = local.actor["operator"]
}

resource "google_project_iam_custom_role" "attacher" {
  role_id     = "everycentAttacher"
  title       = "EveryCent: attach a subscription to a topic"
  permissions = ["pubsub.topics.attachSubscription"]

  depends_on = [google_project_service.needed]
}

resource "google_pubsub_topic_iam_member" "operator_attaches" {
  topic  = google_pubsub_topic.event["batch-merged"].id
  role   = google_project_iam_custom_role.attacher.id
  member = local.actor["operator"]
}
