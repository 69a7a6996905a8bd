variable "name" {
  description = "What all resources are named after."
  type        = string
  default     = "obs"
}

variable "vpc_id" {
  description = "The network of the servers."
  type        = string
}

variable "subnet_id" {
  description = "Where the monitoring server stands."
  type        = string
}

variable "allowed_cidrs" {
  description = "Who may reach the collector's port."
  type        = list(string)
}

variable "instance_type" {
  description = "Two cores and 8 GiB serve some hundred agents."
  type        = string
  default     = "m6i.large"
}

variable "data_gib" {
  description = "The disk for metrics and logs."
  type        = number
  default     = 200
}

variable "package_url" {
  description = "Where the Debian package of deploy/debian/build lies."
  type        = string
}

variable "tags" {
  description = "Of every resource."
  type        = map(string)
  default     = {}
}
