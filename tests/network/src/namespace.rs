//! Network namespaces that exist as long as what runs in them.

use std::fs::File;
use std::net::Ipv4Addr;
use std::process::Command;

use crate::calls;

/// The server's address.
pub const SERVER: Ipv4Addr = Ipv4Addr::new(10, 77, 0, 1);
/// The client's address at first.
pub const CLIENT: Ipv4Addr = Ipv4Addr::new(10, 77, 0, 2);
/// The client's address after it changed, or that of its NAT.
pub const OTHER: Ipv4Addr = Ipv4Addr::new(10, 77, 0, 3);

/// Name of the device in each namespace.
const DEVICE: &str = "wire";

/// Moves the calling thread into a namespace of its own whose only way out is the device that is returned.
///
/// # Errors
/// What the machine lacks, in words.
pub fn enter(address: Ipv4Addr) -> Result<File, String> {
    calls::leave_network().map_err(|error| format!("no network namespace can be made: {error}"))?;
    let device = calls::make_tun(DEVICE).map_err(|error| format!("no TUN device can be made: {error}"))?;
    ip("link set lo up")?;
    ip(&format!("link set {DEVICE} up mtu 1500 txqueuelen 1000"))?;
    add(address)?;
    Ok(device)
}

/// Replaces the address of the calling thread's namespace, as a client's changes that goes to another network.
///
/// # Errors
/// What the machine lacks, in words.
pub fn change(from: Ipv4Addr, to: Ipv4Addr) -> Result<(), String> {
    ip(&format!("addr del {from}/24 dev {DEVICE}"))?;
    add(to)
}

/// Browsers use the address of the default route.
fn add(address: Ipv4Addr) -> Result<(), String> {
    ip(&format!("addr add {address}/24 dev {DEVICE}"))?;
    ip(&format!("route replace default dev {DEVICE} src {address}"))
}

fn ip(arguments: &str) -> Result<(), String> {
    let output = Command::new("ip").args(arguments.split(' ')).output();
    let output = output.map_err(|error| format!("no `ip` of iproute2: {error}"))?;
    if output.status.success() {
        return Ok(());
    }
    Err(format!("ip {arguments}: {}", String::from_utf8_lossy(&output.stderr).trim()))
}
