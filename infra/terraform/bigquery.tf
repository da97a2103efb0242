# The tables and views in it are the loader's: it knows their columns, and adds what a new version has. Were they here as
# well, one of the two would undo what the other did.
resource "google_bigquery_dataset" "tables" {
  dataset_id  = var.dataset_id
  location    = local.location
  description = "What Anthropic and Cursor cost, by EveryCent. Tables and views are made by its loader."

  delete_contents_on_destroy = !var.deletion_protection
  # A table that was changed by hand can be looked at as it was for a week.
  max_time_travel_hours = "168"

  # All of it. Without a list BigQuery makes one by which every viewer of the project reads the addresses of people. It
  # wants an owner, and the owners of the project can make themselves one anyway.
  dynamic "access" {
    for_each = local.dataset_access
    content {
      role           = access.value.role
      special_group  = try(access.value.special_group, null)
      user_by_email  = try(access.value.user, null)
      group_by_email = try(access.value.group, null)
      domain         = try(access.value.domain, null)
    }
  }

  depends_on = [google_project_service.needed]
}
