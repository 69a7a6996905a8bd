# A monitoring server on AWS, and the address that agents send to. The agents themselves come with the Ansible role or with
# the user data in `agent_user_data`.
terraform {
  required_version = ">= 1.5"
  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = ">= 5.0"
    }
  }
}

data "aws_ami" "debian" {
  most_recent = true
  owners      = ["136693071363"]

  filter {
    name   = "name"
    values = ["debian-12-amd64-*"]
  }
}

resource "aws_security_group" "collector" {
  name        = "${var.name}-collector"
  description = "Agents send, people look"
  vpc_id      = var.vpc_id

  ingress {
    description = "Agents and people, over TLS with a token or password"
    from_port   = 9440
    to_port     = 9440
    protocol    = "tcp"
    cidr_blocks = var.allowed_cidrs
  }

  egress {
    description = "Notifications, packages, backups"
    from_port   = 0
    to_port     = 0
    protocol    = "-1"
    cidr_blocks = ["0.0.0.0/0"]
  }

  tags = var.tags
}

resource "aws_ebs_volume" "data" {
  availability_zone = aws_instance.collector.availability_zone
  size              = var.data_gib
  type              = "gp3"
  encrypted         = true
  tags              = merge(var.tags, { Name = "${var.name}-data" })
}

resource "aws_volume_attachment" "data" {
  device_name = "/dev/sdf"
  volume_id   = aws_ebs_volume.data.id
  instance_id = aws_instance.collector.id
}

resource "aws_instance" "collector" {
  ami                    = data.aws_ami.debian.id
  instance_type          = var.instance_type
  subnet_id              = var.subnet_id
  vpc_security_group_ids = [aws_security_group.collector.id]
  user_data = templatefile("${path.module}/collector.sh.tftpl", {
    package_url = var.package_url
  })

  metadata_options {
    http_tokens = "required"
  }

  root_block_device {
    encrypted = true
  }

  tags = merge(var.tags, { Name = "${var.name}-collector" })
}
