//! The command line of a service: nothing but questions, for it is configured by the environment.

use clap::Command;

use super::Role;

const HEALTHCHECK: &str = "healthcheck";

const ENVIRONMENT: &str = "\
Environment:
  EVERYCENT_CONFIG      the configuration file; without one, everything has its default
  EVERYCENT_HOME        the folder of what has no address of its own; default ./everycent-data
  EVERYCENT_LISTEN      host:port of /healthz and /metrics; without it and PORT, no HTTP
  PORT                  as EVERYCENT_LISTEN=127.0.0.1:$PORT, as Cloud Run sets it
  EVERYCENT_LISTEN_HOST the host in the place of 127.0.0.1 with PORT; 0.0.0.0 to be asked from outside
  EVERYCENT_LOG         level of the log: error, warn, info (the default), debug, trace
  ANTHROPIC_ADMIN_KEY, CURSOR_API_KEY
                        the vendors' keys, or the variables that the configuration names; with
                        _FILE at the end, the path of a file that holds one. Read by the fetcher only
  OTEL_EXPORTER_OTLP_ENDPOINT, OTEL_EXPORTER_OTLP_TRACES_ENDPOINT
                        exports spans there by OTLP over HTTP, in a build with the feature `otlp`
  GOOGLE_CLOUD_PROJECT  names traces in log lines as Google's Cloud Logging finds them

Exit status:
  0  it was told to stop by SIGTERM or SIGINT, and ended with what was in hand
  1  it stopped for a reason that a person must put right, or by a second signal;
     `healthcheck`: not healthy, or no answer
  2  it could not start";

/// What the command line asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Asked {
    Work,
    Healthcheck,
}

/// Reads the arguments; ends the process after `--help`, `--version` and what is not understood.
pub(super) fn read(role: &Role) -> Asked {
    let matches = command(role).get_matches();
    if matches.subcommand_matches(HEALTHCHECK).is_some() { Asked::Healthcheck } else { Asked::Work }
}

fn command(role: &Role) -> Command {
    let healthcheck = "Ask the service that runs with the same environment how it is; exit 0 if it works, else 1";
    Command::new(role.name)
        .version(env!("CARGO_PKG_VERSION"))
        .about(role.about)
        .long_about(format!("{}\n\n{}", role.about, role.details))
        .after_help("Configured by the environment: see --help.")
        .after_long_help(ENVIRONMENT)
        .disable_help_subcommand(true)
        .subcommand(Command::new(HEALTHCHECK).about(healthcheck))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    const ROLE: Role = Role { name: "fetcher", about: "Fetches", details: "It reads what is asked for." };

    #[test]
    fn the_command_line_is_well_formed_and_its_help_teaches() {
        command(&ROLE).debug_assert();
        let help = command(&ROLE).render_long_help().to_string();
        for taught in ["It reads what is asked for.", "EVERYCENT_LISTEN", "Exit status:", "healthcheck", "--version"] {
            assert!(help.contains(taught), "{taught} in {help}");
        }
    }
}
