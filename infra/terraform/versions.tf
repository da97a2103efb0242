terraform {
  required_version = ">= 1.9"

  required_providers {
    google = {
      source  = "hashicorp/google"
      version = "~> 8.7"
    }
  }
}

# Credentials come from the environment: `gcloud auth application-default login`, or a service account of a pipeline.
provider "google" {
  project = var.project_id
  region  = var.region
}
