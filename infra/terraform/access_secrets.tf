# Only the fetcher sees a key.
resource "google_secret_manager_secret_iam_member" "fetcher_reads_keys" {
  for_each = google_secret_manager_secret.vendor_key

  secret_id = each.value.id
  role      = "roles/secretmanager.secretAccessor"
  member    = local.actor["fetcher"]
}

resource "google_secret_manager_secret_iam_member" "configuration" {
  for_each = toset(["fetcher", "normalizer", "loader", "operator"])

  secret_id = google_secret_manager_secret.configuration.id
  role      = "roles/secretmanager.secretAccessor"
  member    = local.actor[each.value]
}
