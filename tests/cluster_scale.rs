//! How far a control plane goes, on the real Kubernetes: what is added is there to the last object, what ended it is said, and
//! what a watch lacks is listed.

#[path = "support/becomes.rs"]
mod becomes;
#[path = "support/need.rs"]
mod need;

use std::{
    collections::BTreeSet,
    sync::atomic::{AtomicBool, Ordering::Relaxed},
    thread,
    time::Duration,
};

use becomes::becomes;
use runtime_baseline::{
    Bound as Stated, Indicator, Language, Statistic, Unit,
    adapter::RegistryError,
    cluster::{ClusterError, LiveControlPlane, Registry},
    experiment::{Experiment, Filter, Pass, Recorder},
    plans::Scale,
    probe::{
        Bound, ProbeError,
        cluster::scale::{Bindings, Call, Course, End, Fleet, Grown, Objectives, max_nodes, total_objects},
    },
    report::Report,
    samples::Curve,
};
use rustix::process::{Pid, Signal, kill_process};
use serde_json::{Value, json};

const MAPS: &str = "/api/v1/namespaces/default/configmaps";
const PODS: &str = "/api/v1/namespaces/default/pods";

/// One that was started, or nothing where it is not here.
fn started(subject: &str) -> Option<Box<dyn LiveControlPlane>> {
    match Registry::only(subject) {
        Err(RegistryError::Unavailable(why)) => need::need(subject, Err(why)),
        made => Some(made.unwrap().start().unwrap_or_else(|error| panic!("{error}"))),
    }
}

/// All objects of a list, in one answer.
fn items(live: &dyn LiveControlPlane, path: &str) -> Vec<Value> {
    let answer = live.ask("GET", path, None).unwrap();
    assert_eq!(answer.status, 200, "{}", answer.body);
    let mut list: Value = serde_json::from_str(&answer.body).unwrap();
    serde_json::from_value(list["items"].take()).unwrap()
}

/// How long what is waited for may take.
const PATIENCE: Duration = Duration::from_secs(120);

fn counts(grown: &Grown, call: Call) -> Vec<usize> {
    grown.readings.iter().map(|reading| reading.of(call).map_or(0, |took| took.nanoseconds().len())).collect()
}

/// As if it were new.
fn emptied(live: &dyn LiveControlPlane) -> &dyn LiveControlPlane {
    assert_eq!(live.ask("DELETE", MAPS, None).unwrap().status, 200);
    assert!(becomes(PATIENCE, || items(live, MAPS).len() == 1), "its controller's own comes back");
    live
}

#[test]
fn objects_are_counted_to_the_last_and_what_ended_them_is_said() {
    for subject in ["kubernetes", "kubernetes/one-process"] {
        let Some(live) = started(subject) else { continue };
        let live = live.as_ref();
        let grown = total_objects(live, &Course::new(&[100, 200, 400])).unwrap_or_else(|error| panic!("{error}"));
        assert_eq!((grown.size, grown.ended_by), (400, End::Budget(Bound::Count)));
        assert_eq!(grown.readings.iter().map(|reading| reading.size).collect::<Vec<_>>(), [100, 200, 400]);
        assert_eq!(counts(&grown, Call::Create), [100, 100, 200]);
        assert_eq!(counts(&grown, Call::Get), [100, 200, 300]);
        assert_eq!(counts(&grown, Call::Update), [0, 0, 0]);
        assert!(counts(&grown, Call::List).iter().all(|lists| *lists > 0));
        for reading in &grown.readings {
            let names: Vec<_> = reading.held.iter().map(|(name, _)| *name).collect();
            assert_eq!(names, live.processes().iter().map(|(name, _)| *name).collect::<Vec<_>>());
            assert!(reading.held.iter().all(|(_, held)| held.anonymous > 0 && held.pss >= held.anonymous));
        }
        let made = items(live, MAPS);
        let is_ours = |map: &&Value| map["metadata"]["name"].as_str().is_some_and(|name| name.starts_with("fill-"));
        assert_eq!((made.len(), made.iter().filter(is_ours).count()), (401, 400), "one is the controller's");

        // No answer comes in no time.
        for impossible in [Call::Create, Call::Get, Call::List] {
            let mut objectives = Objectives::default();
            match impossible {
                Call::Create | Call::Update => objectives.mutating = Duration::ZERO,
                Call::Get => objectives.get = Duration::ZERO,
                Call::List => objectives.list = Duration::ZERO,
            }
            let grown = total_objects(emptied(live), &Course::new(&[120, 200]).by(objectives)).unwrap();
            let End::Objective { call, size: 120, found, objective: Duration::ZERO, .. } = grown.ended_by else {
                panic!("{:?}", grown.ended_by)
            };
            assert_eq!((grown.size, grown.readings.len(), call), (0, 1, impossible), "it held nowhere");
            assert!(found > 0 && grown.ended_by.to_string() == format!("objective: {impossible}"));
            assert_eq!(items(live, MAPS).len(), 121);
        }
        let grown = total_objects(emptied(live), &Course::new(&[10, 20]).within(1, Duration::MAX)).unwrap();
        assert_eq!((grown.size, grown.ended_by), (10, End::Budget(Bound::Memory)));
        let grown = total_objects(emptied(live), &Course::new(&[10, 20]).within(u64::MAX, Duration::ZERO)).unwrap();
        assert_eq!((grown.size, grown.ended_by), (0, End::Budget(Bound::Time)));
        assert_eq!(items(live, MAPS).len(), 1);
    }
}

#[test]
fn nodes_are_ready_have_their_pods_and_their_heartbeats_come() {
    let Some(live) = started("kubernetes") else { return };
    let live = live.as_ref();
    let mut fleet = Fleet::default();
    (fleet.pods_per_node, fleet.renewal, fleet.status) = (2, Duration::from_secs(2), Duration::from_secs(4));
    let grown = max_nodes(live, &Course::new(&[10, 20]), fleet).unwrap_or_else(|error| panic!("{error}"));
    assert_eq!((grown.size, grown.ended_by, grown.readings.len()), (20, End::Budget(Bound::Count), 2));
    // Of each step, ten nodes with their leases and twenty pods.
    assert_eq!(counts(&grown, Call::Create), [40, 40]);
    assert_eq!(counts(&grown, Call::Get), [20, 40]);
    for reading in &grown.readings {
        assert!(reading.of(Call::Update).is_some() && reading.of(Call::List).is_some(), "{reading:?}");
        assert!(reading.bound_per_second.is_some_and(|rate| rate > 0.0));
    }
    let nodes = items(live, "/api/v1/nodes");
    assert_eq!(nodes.len(), 20);
    assert!(nodes.iter().all(|node| node["spec"]["taints"].is_null()), "{nodes:?}");
    let pods = items(live, PODS);
    let with_node =
        pods.iter().filter(|pod| pod["spec"]["nodeName"].as_str().is_some_and(|on| on.starts_with("node-")));
    assert_eq!((pods.len(), with_node.count()), (40, 40));
    let leases = items(live, "/apis/coordination.k8s.io/v1/namespaces/kube-node-lease/leases");
    let created = |lease: &Value| lease["metadata"]["creationTimestamp"].as_str().map(str::to_owned);
    let renewed = |lease: &Value| lease["spec"]["renewTime"].as_str().map(str::to_owned);
    assert_eq!(leases.len(), 20);
    assert!(leases.iter().all(|lease| renewed(lease) > created(lease)), "{leases:?}");

    // The real API server ends a watch when its time is over.
    let (bindings, stop) = (Bindings::default(), AtomicBool::new(false));
    thread::scope(|scope| {
        let follower = scope.spawn(|| bindings.follow(live, &stop));
        let listed_again = becomes(PATIENCE, || bindings.lists() >= 2 || follower.is_finished());
        assert_eq!(live.ask("DELETE", &format!("{PODS}/pod-7?gracePeriodSeconds=0"), None).unwrap().status, 200);
        let is_told = becomes(PATIENCE, || bindings.bound() == 39 || follower.is_finished());
        stop.store(true, Relaxed);
        follower.join().unwrap().unwrap();
        assert!(listed_again && is_told, "{bindings:?}");
    });
}

#[test]
fn an_api_server_that_is_killed_while_hearts_beat_is_named() {
    let Some(live) = started("kubernetes") else { return };
    let server = live.processes().into_iter().find(|(name, _)| *name == "kube-apiserver").unwrap().1;
    thread::scope(|scope| {
        let growing = scope.spawn(|| max_nodes(live.as_ref(), &Course::new(&[5, 100_000]), Fleet::default()));
        let there = || live.ask("GET", PODS, None).is_ok_and(|answer| answer.body.contains("pod-4"));
        assert!(becomes(PATIENCE, there), "it has begun");
        kill_process(Pid::from_raw(server as i32).unwrap(), Signal::KILL).unwrap();
        let error = growing.join().unwrap().unwrap_err();
        let named = matches!(&error, ProbeError::Cluster(ClusterError::Ended { component: "kube-apiserver", .. }));
        assert!(named, "{error:?}");
    });
}

#[test]
fn the_plan_records_a_bound_what_ended_it_and_curves_that_the_report_draws() {
    if started("kubernetes").is_none() {
        return;
    }
    let directory = tempfile::tempdir().unwrap();
    let mut recorder = Recorder::begin("tests/cluster_scale", directory.path()).unwrap();
    let filter = Filter::part("^(total_objects|max_nodes)/kubernetes$").unwrap();
    let experiment = Experiment::new("scale").pass(Pass::Test).only(filter);
    let outcome = experiment.run_here(|plan| Scale.declare(plan)).unwrap();
    assert!(outcome.failed.is_empty() && outcome.lanes.len() == 2, "{outcome:?}");
    recorder.outcome(&outcome).unwrap();
    let baseline = recorder.finish().unwrap();
    for (indicator, most, unit, figures) in
        [(Indicator::TotalObjects, 30, Unit::Objects, 5), (Indicator::MaxNodes, 3, Unit::Nodes, 6)]
    {
        let found = baseline.find(indicator, "kubernetes").latest().unwrap();
        let conditions = &found.provenance().environment().conditions;
        assert_eq!((found.quantity().as_u64(), found.quantity().unit()), (Some(most), unit));
        assert_eq!(found.bound(), Stated::Above, "it was allowed no more");
        assert_eq!(conditions.observed["stopped_by"], "budget: count");
        assert!(conditions.budget.as_ref().is_some_and(|budget| budget.starts_with(&most.to_string())));
        // Memory and its anonymous part, and each kind of call.
        let curves: Vec<_> = baseline.metrics().iter().filter(|metric| metric.workload() == found.workload()).collect();
        let curves: Vec<_> = curves.into_iter().filter_map(|metric| Some((metric, metric.curve()?))).collect();
        assert_eq!(curves.len(), figures, "{curves:?}");
        for (metric, path) in curves {
            assert_eq!(metric.statistic(), Statistic::Slope);
            let curve = Curve::load(&directory.path().join(path)).unwrap();
            assert_eq!((curve.x().unit(), curve.points().len()), (unit, 3));
            assert_eq!(curve.points().last().map(|(x, _)| *x), Some(most as f64));
        }
    }
    let page = Report::of(&baseline).with_raw_data(directory.path()).html(Language::English);
    for title in ["memory against objects", "list latency against objects", "update latency against nodes"] {
        assert!(page.contains(title), "{title}");
    }
}

#[test]
fn the_fleets_daemonset_has_a_pod_for_each_node() {
    let Some(live) = started("kubernetes") else { return };
    let live = live.as_ref();
    let create = |path: &str, body: &str| live.ask("POST", path, Some(body)).unwrap();
    const NODES: usize = 5;
    for node in 0..NODES {
        let room = json!({ "cpu": "4", "memory": "8Gi", "pods": "10" });
        let node = json!({
            "apiVersion": "v1", "kind": "Node", "metadata": { "name": format!("node-{node}") },
            "status": { "capacity": room, "allocatable": room, "conditions": [{ "type": "Ready", "status": "True" }] },
        });
        assert_eq!(create("/api/v1/nodes", &node.to_string()).status, 201);
    }
    // Without `fieldValidation` a name that the API server does not know would be dropped in silence.
    let manifest = include_str!("../examples/fleet/daemonset.json");
    let sets = "/apis/apps/v1/namespaces/default/daemonsets";
    let created = create(&format!("{sets}?fieldValidation=Strict"), manifest);
    assert_eq!(created.status, 201, "{}", created.body);
    let mut wrong: Value = serde_json::from_str(manifest).unwrap();
    wrong["metadata"]["name"] = "other".into();
    wrong["spec"]["template"]["spec"]["tolerance"] = json!([]);
    let refused = create(&format!("{sets}?fieldValidation=Strict"), &wrong.to_string());
    assert_eq!(refused.status, 400, "a wrong one is seen: {}", refused.body);

    let nodes_with_pods = || -> BTreeSet<String> {
        let pods = items(live, &format!("{PODS}?labelSelector=app%3Druntime-baseline"));
        pods.iter().filter_map(|pod| pod["spec"]["nodeName"].as_str().map(str::to_owned)).collect()
    };
    assert!(becomes(PATIENCE, || nodes_with_pods().len() == NODES), "{:?}", nodes_with_pods());
    assert_eq!(items(live, PODS).len(), NODES, "and no more");
    let pod = &items(live, PODS)[0]["spec"];
    let mounted = [&pod["initContainers"][0], &pod["containers"][0]].map(|one| &one["volumeMounts"][0]["mountPath"]);
    assert_eq!(mounted, ["/baseline", "/baseline"]);
    assert_eq!(pod["volumes"][0]["hostPath"]["path"], "/var/lib/runtime-baseline");
}
