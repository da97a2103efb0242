# A job is the project's; what it may touch is said by the dataset.
resource "google_project_iam_member" "jobs" {
  for_each = toset(["loader", "operator"])

  project = var.project_id
  role    = "roles/bigquery.jobUser"
  member  = local.actor[each.value]
}

locals {
  # `READER` is what BigQuery makes of roles/bigquery.dataViewer on a dataset.
  dataset_access = merge(local.reader_access, {
    owners         = { role = "OWNER", special_group = "projectOwners" }
    loader-keeps   = { role = google_project_iam_custom_role.table_keeper.id, user = google_service_account.actor["loader"].email }
    operator-reads = { role = "READER", user = google_service_account.actor["operator"].email }
  })

  # `user:ada@example.com` is a kind of member and its address.
  reader_kinds = { user = "user", serviceAccount = "user", group = "group", domain = "domain" }
  reader_access = { for reader in var.readers : reader => {
    role                                        = "READER"
    (local.reader_kinds[split(":", reader)[0]]) = split(":", reader)[1]
  } }
}

# Makes and changes tables and views, and stages rows beside them. It may neither change the dataset nor say who reads it.
resource "google_project_iam_custom_role" "table_keeper" {
  role_id = "everycentTableKeeper"
  title   = "EveryCent: keep the tables of a dataset"
  permissions = [
    "bigquery.datasets.get",
    "bigquery.tables.create",
    "bigquery.tables.delete",
    "bigquery.tables.get",
    "bigquery.tables.getData",
    "bigquery.tables.list",
    "bigquery.tables.update",
    "bigquery.tables.updateData",
  ]

  depends_on = [google_project_service.needed]
}

resource "google_project_iam_custom_role" "row_writer" {
  role_id     = "everycentRowWriter"
  title       = "EveryCent: write rows into tables that are there"
  permissions = ["bigquery.tables.updateData"]

  depends_on = [google_project_service.needed]
}

# Verdicts go into the table `reconciliation`, which the loader makes after this was applied. So the right is given on the
# project, and only for the name of that table.
resource "google_project_iam_member" "operator_writes_verdicts" {
  project = var.project_id
  role    = google_project_iam_custom_role.row_writer.id
  member  = local.actor["operator"]

  condition {
    title      = "operator-writes-verdicts"
    expression = "resource.type == \"bigquery.googleapis.com/Table\" && resource.name == \"projects/${var.project_id}/datasets/${var.dataset_id}/tables/reconciliation\""
  }
}
