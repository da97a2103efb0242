locals {
  objects   = "projects/_/buckets/${google_storage_bucket.store.name}/objects"
  raw_only  = "resource.name.startsWith(\"${local.objects}/raw/\")"
  rows_only = "resource.name.startsWith(\"${local.objects}/rows/\")"

  # An answer counts by its manifest, and only where one of its source lies; the normalizer refuses every other.
  uploads_only   = "resource.name.startsWith(\"${local.objects}/raw/upload/\")"
  no_uploads     = "${local.raw_only} && !resource.name.startsWith(\"${local.objects}/raw/upload/\")"
  beside_answers = "${local.raw_only} && resource.name.endsWith(\".json\") && !resource.name.endsWith(\"/manifest.json\")"
  sums_only      = "${local.beside_answers} && resource.name.extract(\"/sums-{name}\") != \"\""
  decisions_only = "${local.beside_answers} && resource.name.extract(\"/decisions/{name}\") != \"\""
  manifests_only = "${local.raw_only} && resource.name.endsWith(\"/manifest.json\")"

  # Who may do what with which objects. A create is refused where the object is there already, and the writer then reads
  # whose it is; so who creates also reads.
  object_access = merge(local.mending, {
    fetcher-creates-answers    = { actor = "fetcher", role = "roles/storage.objectCreator", only = local.no_uploads }
    fetcher-reads-answers      = { actor = "fetcher", role = "roles/storage.objectViewer", only = local.no_uploads }
    normalizer-reads-raw       = { actor = "normalizer", role = "roles/storage.objectViewer", only = local.raw_only }
    normalizer-creates-sums    = { actor = "normalizer", role = "roles/storage.objectCreator", only = local.sums_only }
    normalizer-creates-rows    = { actor = "normalizer", role = "roles/storage.objectCreator", only = local.rows_only }
    normalizer-reads-rows      = { actor = "normalizer", role = "roles/storage.objectViewer", only = local.rows_only }
    loader-reads-manifests     = { actor = "loader", role = "roles/storage.objectViewer", only = local.manifests_only }
    loader-creates-rows        = { actor = "loader", role = "roles/storage.objectCreator", only = local.rows_only }
    loader-reads-rows          = { actor = "loader", role = "roles/storage.objectViewer", only = local.rows_only }
    loader-deletes-rows        = { actor = "loader", role = google_project_iam_custom_role.object_deleter.id, only = local.rows_only }
    operator-reads-raw         = { actor = "operator", role = "roles/storage.objectViewer", only = local.raw_only }
    operator-creates-uploads   = { actor = "operator", role = "roles/storage.objectCreator", only = local.uploads_only }
    operator-creates-decisions = { actor = "operator", role = "roles/storage.objectCreator", only = local.decisions_only }
  })

  # Whoever may delete answers can make the tables impossible to rebuild, and whoever may write them anew, as the repair of
  # a clock and of an account does, can forge them. So these are rights that are asked for.
  mending = { for name, access in {
    operator-deletes-raw = { actor = "operator", role = google_project_iam_custom_role.object_deleter.id, only = local.raw_only }
    operator-creates-raw = { actor = "operator", role = "roles/storage.objectCreator", only = local.raw_only }
  } : name => access if var.operators_may_prune }
}

# Google's own roles that may delete may overwrite, too.
resource "google_project_iam_custom_role" "object_deleter" {
  role_id     = "everycentObjectDeleter"
  title       = "EveryCent: delete objects"
  permissions = ["storage.objects.delete"]

  depends_on = [google_project_service.needed]
}

resource "google_project_iam_custom_role" "object_lister" {
  role_id     = "everycentObjectLister"
  title       = "EveryCent: list objects"
  permissions = ["storage.objects.list"]

  depends_on = [google_project_service.needed]
}

resource "google_project_iam_custom_role" "bucket_looker" {
  role_id     = "everycentBucketLooker"
  title       = "EveryCent: look at a bucket"
  permissions = ["storage.buckets.get"]

  depends_on = [google_project_service.needed]
}

resource "google_storage_bucket_iam_member" "objects" {
  for_each = local.object_access

  bucket = google_storage_bucket.store.name
  role   = each.value.role
  member = local.actor[each.value.actor]

  condition {
    title      = each.key
    expression = each.value.only
  }
}

# Names in the whole bucket: a list is asked of the bucket, not of an object, so no condition on a prefix can hold for it.
# Without this right, an object that is missing is answered like one that is forbidden.
resource "google_storage_bucket_iam_member" "names" {
  for_each = toset(["fetcher", "normalizer", "loader", "operator"])

  bucket = google_storage_bucket.store.name
  role   = google_project_iam_custom_role.object_lister.id
  member = local.actor[each.value]
}

# A load job looks at the bucket that it loads from.
resource "google_storage_bucket_iam_member" "loads" {
  bucket = google_storage_bucket.store.name
  role   = google_project_iam_custom_role.bucket_looker.id
  member = local.actor["loader"]
}
