//! The nodes of the cluster.

mod figures;
pub(crate) mod info;
pub(crate) mod stats;

use glasswork_content::{failure::Failure, render::Render};

/// `"_nodes":{"total":2,"successful":1,"failed":1,"failures":[…]},"cluster_name":"glasswork"`: how many answered, and who
/// they are.
fn heading(out: &mut Render, answered: usize, failures: &[Failure], cluster_name: &str) {
    let (successful, failed) = (answered as u64, failures.len() as u64);
    out.field_object("_nodes");
    out.field_unsigned("total", successful + failed);
    out.field_unsigned("successful", successful);
    out.field_unsigned("failed", failed);
    if failed > 0 {
        out.field_array("failures");
        for failure in failures {
            failure.render(out);
        }
        out.end_array();
    }
    out.end_object();
    out.field_str("cluster_name", cluster_name);
}
