//! What people are told to type.

use crate::stack::read;

/// The README's commands of the stack: start it, follow the sync, look at what is loaded.
pub fn commands() -> [String; 3] {
    let readme = read("README.md");
    let begin = readme.find("docker compose up").expect("the README starts the stack");
    let block = readme[begin..].split("```").next().unwrap();
    let commands: Vec<String> = block.lines().map(without_comment).filter(|line| !line.is_empty()).collect();
    let head = read("docker-compose.yml");
    for command in &commands {
        assert!(head.contains(&format!("#   {command}")), "docker-compose.yml does not say `{command}`");
    }
    commands.try_into().unwrap_or_else(|commands| panic!("not three commands: {commands:?}"))
}

fn without_comment(line: &str) -> String {
    line.split('#').next().unwrap().trim().to_owned()
}
