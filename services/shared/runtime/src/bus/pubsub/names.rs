//! What things are called on Pub/Sub. Nothing else builds a name of a topic or subscription.

use crate::bus::Topic;

/// All names begin with it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Names {
    project: String,
    prefix: String,
}

impl Names {
    pub(super) fn new(project: &str, prefix: &str) -> Self {
        Self { project: project.to_owned(), prefix: prefix.to_owned() }
    }

    pub(super) fn project(&self) -> String {
        format!("projects/{}", self.project)
    }

    /// The last part of a schema's name.
    pub(super) fn schema_id(&self, topic: Topic) -> String {
        format!("{}-{topic}", self.prefix)
    }

    pub(super) fn schema(&self, topic: Topic) -> String {
        format!("projects/{}/schemas/{}", self.project, self.schema_id(topic))
    }

    pub(super) fn topic(&self, topic: Topic) -> String {
        format!("projects/{}/topics/{}-{topic}", self.project, self.prefix)
    }

    pub(super) fn subscription(&self, topic: Topic) -> String {
        format!("projects/{}/subscriptions/{}-{topic}-sub", self.project, self.prefix)
    }

    pub(super) fn dead_topic(&self, topic: Topic) -> String {
        format!("projects/{}/topics/{}-{topic}-dead", self.project, self.prefix)
    }

    pub(super) fn dead_subscription(&self, topic: Topic) -> String {
        format!("projects/{}/subscriptions/{}-{topic}-dead-sub", self.project, self.prefix)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_those_that_the_infrastructure_makes() {
        let names = Names::new("acme", "everycent");
        assert_eq!(names.topic(Topic::SnapshotStored), "projects/acme/topics/everycent-snapshot-stored");
        assert_eq!(names.subscription(Topic::FetchFailed), "projects/acme/subscriptions/everycent-fetch-failed-sub");
        assert_eq!(names.dead_topic(Topic::FetchFailed), "projects/acme/topics/everycent-fetch-failed-dead");
        let dead = names.dead_subscription(Topic::BatchNormalized);
        assert_eq!(dead, "projects/acme/subscriptions/everycent-batch-normalized-dead-sub");
        assert_eq!(names.schema(Topic::BatchMerged), "projects/acme/schemas/everycent-batch-merged");
    }
}
