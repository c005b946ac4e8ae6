//! Migrations are embedded at compile time by a macro; cargo cannot see that it reads them.

fn main() {
    println!("cargo::rerun-if-changed=migrations");
}
