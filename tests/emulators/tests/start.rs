//! All three start, answer and end.
#![allow(clippy::unwrap_used)]

use std::net::TcpStream;

use everycent_emulators::{Emulators, Installed, Ports};

#[test]
#[ignore = "needs emulators of Google's services: make emulators"]
fn all_three_answer_outlive_a_restart_and_end_with_their_owner() {
    let installed = Installed::for_tests();
    let folder = tempfile::tempdir().unwrap();
    let mut emulators = Emulators::start(&installed, folder.path(), Ports::default()).unwrap();
    emulators.pubsub.restart().unwrap();
    emulators.storage.restart().unwrap();
    emulators.bigquery.restart().unwrap();
    let ports = emulators.variables().map(|(_, address)| address.rsplit(':').next().unwrap().parse::<u16>().unwrap());
    ports.iter().for_each(|port| drop(TcpStream::connect(("127.0.0.1", *port)).unwrap()));
    drop(emulators);
    for port in ports {
        assert!(TcpStream::connect(("127.0.0.1", port)).is_err(), "port {port} still answers");
    }
}
