variable "project_id" {
  description = "The project that everything lies in. It must exist and have billing."
  type        = string

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{4,28}[a-z0-9]$", var.project_id))
    error_message = "project_id is the id of a project, such as acme-spend, and not its name or number."
  }
}

variable "region" {
  description = "Where the services run and the bucket lies."
  type        = string
  default     = "us-central1"
}

variable "dataset_location" {
  description = "Where the dataset lies: the region, or a multi-region that holds it (US, EU). BigQuery loads from a bucket in the same place only. It can't be changed later."
  type        = string
  default     = null
}

variable "bucket_name" {
  description = "Name of the bucket, unique in the world. Default: <project_id>-everycent."
  type        = string
  default     = null
}

variable "dataset_id" {
  description = "Name of the dataset."
  type        = string
  default     = "everycent"

  validation {
    condition     = can(regex("^[A-Za-z0-9_]+$", var.dataset_id))
    error_message = "dataset_id has letters, digits and underscores only."
  }
}

variable "image" {
  description = "The image with the three services and everycent, by digest. Without one, all is made but what runs it."
  type        = string
  default     = null

  validation {
    condition     = var.image == null || can(regex("@sha256:[0-9a-f]{64}$|:[A-Za-z0-9_][A-Za-z0-9_.-]*$", var.image))
    error_message = "image needs a digest (…@sha256:…) or at least a tag."
  }
}

variable "create_repository" {
  description = "Whether to make a repository of Artifact Registry for the image."
  type        = bool
  default     = true
}

variable "configuration_file" {
  description = "Path of the configuration (TOML): accounts, rules, prices, tolerances. Without [addresses], which are added here, and without any key."
  type        = string

  validation {
    condition     = fileexists(var.configuration_file)
    error_message = "configuration_file names no file."
  }

  validation {
    condition     = !fileexists(var.configuration_file) || !can(regex("(?m)^\\s*\\[addresses\\]", file(var.configuration_file)))
    error_message = "configuration_file has a table [addresses]; take it out, for the addresses are those of what is made here."
  }

  validation {
    condition     = !fileexists(var.configuration_file) || !can(regex("sk-ant-|crsr_", file(var.configuration_file)))
    error_message = "configuration_file seems to hold a key; keys belong into Secret Manager."
  }
}

variable "vendors" {
  description = "The vendors that have an account in the configuration. A schedule for another one would only make dead letters."
  type        = set(string)
  default     = ["anthropic", "cursor"]

  validation {
    condition     = length(var.vendors) > 0 && length(setsubtract(var.vendors, ["anthropic", "cursor"])) == 0
    error_message = "vendors are anthropic, cursor or both."
  }

  validation {
    condition = !fileexists(var.configuration_file) || length(setsubtract(
      flatten(regexall("(?m)^\\s*vendor\\s*=\\s*\"([a-z]+)\"", file(var.configuration_file))), var.vendors
    )) == 0
    error_message = "configuration_file has an account of a vendor that is not in vendors; take it out, or add the vendor."
  }
}

variable "vendor_keys" {
  description = "Secret by variable: the fetcher finds the content of each secret in the file that <variable>_FILE names. The variables are those that key_env of the accounts says. Their values are put in by hand."
  type        = map(string)
  default = {
    ANTHROPIC_ADMIN_KEY = "everycent-anthropic-admin-key"
    CURSOR_API_KEY      = "everycent-cursor-api-key"
  }

  validation {
    condition     = alltrue([for variable in keys(var.vendor_keys) : can(regex("^[A-Z][A-Z0-9_]*$", variable))])
    error_message = "The keys of vendor_keys are names of variables, such as ACME_CLAUDE_KEY."
  }
}

variable "instances" {
  description = "Instances of each service; 0 stops it, and what waits for it stays. More than one fetcher asks the vendors faster than the limit that the configuration says."
  type = object({
    fetcher    = optional(number, 1)
    normalizer = optional(number, 1)
    loader     = optional(number, 1)
  })
  default = {}

  validation {
    condition     = alltrue([for count in values(var.instances) : count >= 0 && count <= 10 && floor(count) == count])
    error_message = "instances are whole numbers from 0 to 10."
  }
}

variable "cpu" {
  description = "Processors of an instance; 1 is the least that a worker pool takes."
  type        = string
  default     = "1"
}

variable "memory" {
  description = "Memory of an instance; 512Mi is the least that a worker pool takes."
  type        = string
  default     = "512Mi"
}

variable "schedules" {
  description = "What is asked for, when (cron, UTC), and how many closed days up to yesterday; null is the schedule of each report in reports.json. The days reach beyond the time in which the vendor may correct a day (30 for Claude, 7 for Cursor), so that every day settles, also when a run is missed. Sources that are read as they stand take no days."
  type = map(object({
    cron          = string
    trailing_days = number
  }))
  default = null

  validation {
    condition     = var.schedules == null || alltrue([for source in keys(coalesce(var.schedules, {})) : contains(keys(local.reports), source)])
    error_message = "schedules has a source that there is not. There are: ${join(", ", keys(local.reports))}."
  }

  validation {
    condition     = var.schedules == null || alltrue([for source, schedule in coalesce(var.schedules, {}) : schedule.trailing_days > 0 || !try(local.reports[source].takes_days, true)])
    error_message = "A source that reports days needs trailing_days of at least 1."
  }
}

variable "reconcile_cron" {
  description = "When the tables are proved (cron, UTC): after the day's schedules."
  type        = string
  default     = "30 7 * * *"
}

variable "message_days" {
  description = "How long a message waits for its service, and a dead letter for a person. 31 is the most that Pub/Sub keeps."
  type        = number
  default     = 14

  validation {
    condition     = var.message_days >= 1 && var.message_days <= 31
    error_message = "message_days is from 1 to 31."
  }
}

variable "operators_may_prune" {
  description = "Whether an operator may delete stored answers and write them anew, as `everycent prune`, `repair-clock` and `accounts forget` and `rebind` do. While it is true an operator can forge answers; set it for the occasion."
  type        = bool
  default     = false
}

variable "row_days" {
  description = "After so many days a row file that nobody loaded is deleted; longer than a message waits. A replay makes it again."
  type        = number
  default     = 35

  validation {
    condition     = var.row_days > var.message_days
    error_message = "row_days must be more than message_days, or a message may come whose rows are gone."
  }
}

variable "undelete_days" {
  description = "For so many days an answer that somebody deleted can be brought back."
  type        = number
  default     = 90
}

variable "notification_emails" {
  description = "Who is told of an alert, by e-mail. Addresses stay out of the repository."
  type        = set(string)
  default     = []
}

variable "notification_channels" {
  description = "Other notification channels, by their full names (projects/…/notificationChannels/…)."
  type        = set(string)
  default     = []
}

variable "staleness_hours" {
  description = "An alert when nothing was merged for so long. Longer than the longest pause between schedules; Monitoring looks back 25 hours at most."
  type        = number
  default     = 14

  validation {
    condition     = var.staleness_hours >= 1 && var.staleness_hours <= 24
    error_message = "staleness_hours is from 1 to 24."
  }
}

variable "backlog_hours" {
  description = "An alert when a message waits for so long. A first load of a year takes hours by the vendors' limits."
  type        = number
  default     = 12
}

variable "operators" {
  description = "Who may act as the operator (sync, replay, reconcile, status, import), such as user:ada@example.com or group:…."
  type        = set(string)
  default     = []
}

variable "readers" {
  description = "Who may read the tables, with the addresses of people in them: user:…, group:…, serviceAccount:… or domain:…. Nobody else does, but the owners of the project."
  type        = set(string)
  default     = []

  validation {
    condition     = alltrue([for reader in var.readers : can(regex("^(user|group|serviceAccount|domain):[^:]+$", reader))])
    error_message = "readers are user:…, group:…, serviceAccount:… or domain:…."
  }
}

variable "otlp_endpoint" {
  description = "Where traces go by OTLP; nowhere by default."
  type        = string
  default     = null
}

variable "deletion_protection" {
  description = "Whether Terraform refuses to delete what runs, and to delete a bucket or dataset that holds something."
  type        = bool
  default     = true
}
