# A job is the project's; what it may touch is said by the dataset.
resource "google_project_iam_member" "jobs" {
  for_each = toset(["loader", "operator"])

  project = var.project_id
  role    = "roles/bigquery.jobUser"
  member  = local.actor[each.value]
}

# Makes and changes tables and views, and stages rows beside them.
resource "google_bigquery_dataset_iam_member" "loader_edits" {
  dataset_id = google_bigquery_dataset.tables.dataset_id
  role       = "roles/bigquery.dataEditor"
  member     = local.actor["loader"]
}

resource "google_bigquery_dataset_iam_member" "operator_reads" {
  dataset_id = google_bigquery_dataset.tables.dataset_id
  role       = "roles/bigquery.dataViewer"
  member     = local.actor["operator"]
}

# Verdicts go into the table `reconciliation`, which the loader makes; so the right to write rows, and nothing else, is
# given on the dataset and not on the table.
resource "google_project_iam_custom_role" "row_writer" {
  role_id     = "everycentRowWriter"
  title       = "EveryCent: write rows into tables that are there"
  permissions = ["bigquery.tables.updateData"]

  depends_on = [google_project_service.needed]
}

resource "google_bigquery_dataset_iam_member" "operator_writes_verdicts" {
  dataset_id = google_bigquery_dataset.tables.dataset_id
  role       = google_project_iam_custom_role.row_writer.id
  member     = local.actor["operator"]
}

resource "google_bigquery_dataset_iam_member" "readers" {
  for_each = var.readers

  dataset_id = google_bigquery_dataset.tables.dataset_id
  role       = "roles/bigquery.dataViewer"
  member     = each.value
}
