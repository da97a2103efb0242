# The tables and views in it are the loader's: it knows their columns, and adds what a new version has. Were they here as
# well, one of the two would undo what the other did.
resource "google_bigquery_dataset" "tables" {
  dataset_id  = var.dataset_id
  location    = local.location
  description = "What Anthropic and Cursor cost, by EveryCent. Tables and views are made by its loader."

  delete_contents_on_destroy = !var.deletion_protection
  # A table that was changed by hand can be looked at as it was for a week.
  max_time_travel_hours = "168"

  depends_on = [google_project_service.needed]
}
