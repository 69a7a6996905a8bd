import Encoding

extension ReceiverKind {
    /// Messages of Amazon's Simple Notification Service.
    static let sns = ReceiverKind(
        name: "sns", sendsResolved: true,
        texts: ["api_url", "topic_arn", "phone_number", "target_arn", "subject", "message"], tables: ["attributes"],
        check: { section, settings, _ in
            if let signature = section.section("sigv4") {
                for key in ["region", "access_key", "profile", "role_arn", "external_id"] {
                    settings.texts["sigv4_" + key] = signature.string(key)
                }
                settings.secrets["sigv4_secret_key"] = signature.secret("secret_key").map(SecretSource.text)
                settings.flags["sigv4_fips"] = signature.bool("use_fips_sts_endpoint")
                signature.finish()
                let hasKey = !settings.text("sigv4_access_key").isEmpty
                if hasKey != (settings.secrets["sigv4_secret_key"] != nil) {
                    section.refuse(
                        at: "sigv4",
                        "must provide a AWS SigV4 Access key and Secret Key if credentials are specified in the SigV4 config"
                    )
                }
            }
            let targets = ["topic_arn", "phone_number", "target_arn"].filter { !settings.text($0).isEmpty }
            if targets.count != 1 {
                section.refuse(
                    "must provide either a Target ARN, Topic ARN, or Phone Number for SNS config", "set exactly one")
            }
        },
        defaults: [
            "subject": "{{ template `sns.default.subject` . }}", "message": "{{ template `sns.default.message` . }}",
        ],
        deliver: { (delivery) throws(DeliveryFailure) in try SNSPublication.deliver(delivery) })
}
