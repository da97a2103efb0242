# Raw answers below raw/, for good, and row files on their way below rows/.
resource "google_storage_bucket" "store" {
  name     = local.bucket
  location = var.region

  storage_class               = "STANDARD"
  uniform_bucket_level_access = true
  public_access_prevention    = "enforced"
  force_destroy               = !var.deletion_protection

  # What is deleted can be brought back for some days. That is what soft delete is for as well, and would be paid twice.
  versioning {
    enabled = true
  }

  soft_delete_policy {
    retention_duration_seconds = 0
  }

  # The loader deletes a row file once it is merged; this is for what nobody came for.
  lifecycle_rule {
    condition {
      age            = var.row_days
      matches_prefix = ["rows/"]
      with_state     = "LIVE"
    }
    action {
      type = "Delete"
    }
  }

  # A replay makes rows again.
  lifecycle_rule {
    condition {
      days_since_noncurrent_time = 1
      matches_prefix             = ["rows/"]
    }
    action {
      type = "Delete"
    }
  }

  lifecycle_rule {
    condition {
      days_since_noncurrent_time = var.undelete_days
      matches_prefix             = ["raw/"]
    }
    action {
      type = "Delete"
    }
  }

  # Parts of an upload that never ended.
  lifecycle_rule {
    condition {
      age = 7
    }
    action {
      type = "AbortIncompleteMultipartUpload"
    }
  }

  depends_on = [google_project_service.needed]
}
