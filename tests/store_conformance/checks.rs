//! What every store must do, told once.

use std::{sync::Barrier, thread, time::Duration};

use runtime_baseline::store::{Client, Event, KeyValueStore, LiveStore, Objects, Revision, StoreError, Watch};

const LONG: Duration = Duration::from_secs(20);

fn open(store: &dyn KeyValueStore) -> (Box<dyn LiveStore>, Box<dyn Client>) {
    let live = store.open().unwrap_or_else(|error| panic!("{error}"));
    let client = live.client().unwrap();
    (live, client)
}

fn pods() -> Objects {
    Objects::pods("default", 300)
}

/// Creates `0..count`, and tells their revisions.
fn create(client: &mut dyn Client, objects: &Objects, count: u64) -> Vec<Revision> {
    (0..count).map(|number| client.create(&objects.key(number), &objects.value(number, 0)).unwrap()).collect()
}

fn next(watch: &mut dyn Watch) -> Event {
    watch.next(LONG).unwrap().expect("an event")
}

pub fn identity_is_exact_and_says_how_durable_it_is(store: &dyn KeyValueStore) {
    let identity = store.identity();
    for component in &identity.components {
        let numbers: Vec<_> = component.version().split(['.', '-', '+']).take(3).collect();
        assert!(numbers.len() == 3 && numbers.iter().all(|number| number.parse::<u32>().is_ok()), "{component}");
    }
    assert!(!identity.components.is_empty());
    let durability = identity.settings["synchronous"].as_str();
    assert!(["fsync", "FULL", "NORMAL"].contains(&durability), "{durability}");
    assert!(identity.settings.contains_key("data_on"));
}

pub fn what_is_created_is_read(store: &dyn KeyValueStore) {
    let (_live, mut client) = open(store);
    assert_eq!(client.read("/registry/pods/default/web").unwrap(), None);
    let revision = client.create("/registry/pods/default/web", b"a pod").unwrap();
    let found = client.read("/registry/pods/default/web").unwrap().unwrap();
    assert_eq!((found.key.as_str(), found.value.as_slice()), ("/registry/pods/default/web", b"a pod".as_slice()));
    assert_eq!(found.revision, revision);
    assert_eq!(client.read("/registry/pods/default/we").unwrap(), None, "a prefix of a key is no key");
}

pub fn what_exists_is_not_created(store: &dyn KeyValueStore) {
    let (_live, mut client) = open(store);
    let revision = client.create("/registry/pods/default/web", b"first").unwrap();
    for _ in 0..2 {
        let error = client.create("/registry/pods/default/web", b"second").unwrap_err();
        assert!(matches!(&error, StoreError::Exists { key } if key == "/registry/pods/default/web"), "{error:?}");
    }
    let found = client.read("/registry/pods/default/web").unwrap().unwrap();
    assert_eq!((found.value.as_slice(), found.revision), (b"first".as_slice(), revision));
}

pub fn a_stale_update_fails_and_says_the_present_revision(store: &dyn KeyValueStore) {
    let (_live, mut client) = open(store);
    let key = "/registry/pods/default/web";
    let stale = |error: StoreError, of: Revision, at: Option<Revision>| match error {
        StoreError::Stale { key: found, expected, present } => {
            assert_eq!((found.as_str(), expected, present), (key, of, at));
        }
        other => panic!("{other:?}"),
    };
    stale(client.update(key, Revision(1), b"nothing").unwrap_err(), Revision(1), None);
    let first = client.create(key, b"first").unwrap();
    let second = client.update(key, first, b"second").unwrap();
    assert!(second > first);
    stale(client.update(key, first, b"late").unwrap_err(), first, Some(second));
    let ahead = Revision(second.0 + 100);
    stale(client.update(key, ahead, b"early").unwrap_err(), ahead, Some(second));
    let found = client.read(key).unwrap().unwrap();
    assert_eq!((found.value.as_slice(), found.revision), (b"second".as_slice(), second));
    let third = client.update(key, second, b"third").unwrap();
    assert_eq!(client.read(key).unwrap().unwrap().revision, third);
}

pub fn of_many_updates_at_once_one_wins(store: &dyn KeyValueStore) {
    const WRITERS: usize = 8;
    let (live, mut client) = open(store);
    let key = "/registry/pods/default/web";
    let mut present = client.create(key, b"0").unwrap();
    let mut writers: Vec<_> = (0..WRITERS).map(|_| live.client().unwrap()).collect();
    for round in 0..10 {
        let barrier = Barrier::new(WRITERS);
        let outcomes: Vec<_> = thread::scope(|scope| {
            let threads: Vec<_> = writers
                .iter_mut()
                .enumerate()
                .map(|(number, writer)| {
                    let barrier = &barrier;
                    scope.spawn(move || {
                        barrier.wait();
                        writer.update(key, present, format!("{round}-{number}").as_bytes())
                    })
                })
                .collect();
            threads.into_iter().map(|thread| thread.join().unwrap()).collect()
        });
        let won: Vec<_> =
            outcomes.iter().enumerate().filter_map(|(i, outcome)| Some((i, *outcome.as_ref().ok()?))).collect();
        let [(winner, revision)] = won[..] else { panic!("{outcomes:?}") };
        for (number, outcome) in outcomes.iter().enumerate().filter(|(number, _)| *number != winner) {
            match outcome {
                Err(StoreError::Stale { present, .. }) => assert_eq!(*present, Some(revision)),
                other => panic!("{number}: {other:?}"),
            }
        }
        let found = client.read(key).unwrap().unwrap();
        assert_eq!((found.value, found.revision), (format!("{round}-{winner}").into_bytes(), revision));
        present = revision;
    }
}

pub fn values_are_kept_byte_for_byte(store: &dyn KeyValueStore) {
    let (_live, mut client) = open(store);
    let every_byte: Vec<u8> = (0..=255).collect();
    let values = [vec![0], every_byte, Objects::pods("a", 300).value(1, 0), Objects::pods("a", 100 << 10).value(2, 0)];
    for (number, value) in values.iter().enumerate() {
        let key = format!("/registry/configmaps/default/of-{number}");
        let created = client.create(&key, value).unwrap();
        assert_eq!(client.read(&key).unwrap().unwrap().value, *value, "{number}");
        let other: Vec<u8> = value.iter().rev().copied().collect();
        client.update(&key, created, &other).unwrap();
        assert_eq!(client.read(&key).unwrap().unwrap().value, other, "{number}");
    }
    let listed = client.list("/registry/configmaps/default/", None).unwrap();
    let lengths: Vec<_> = listed.objects.iter().map(|object| object.value.len()).collect();
    assert_eq!(lengths, [1, 256, 300, 100 << 10]);
}

pub fn revisions_grow_and_are_the_stores(store: &dyn KeyValueStore) {
    let (live, mut client) = open(store);
    let mut other = live.client().unwrap();
    let mut last = Revision(0);
    for number in 0..20 {
        let writer = if number % 2 == 0 { &mut client } else { &mut other };
        let revision = writer.create(&pods().key(number), b"v").unwrap();
        assert!(revision > last, "{revision} after {last}");
        last = revision;
    }
    assert_eq!(client.list(&pods().prefix(), None).unwrap().revision, last);
}

pub fn a_list_is_sorted_and_of_its_prefix_alone(store: &dyn KeyValueStore) {
    let (_live, mut client) = open(store);
    let names = ["web-2", "web-10", "a", "Z", "web-1", "web", "zz", "web-1.x"];
    for name in names {
        client.create(&format!("/registry/pods/default/{name}"), name.as_bytes()).unwrap();
    }
    for key in ["/registry/pods/default2/x", "/registry/pods/defaul/x", "/registry/pod/default/x", "/registry/pods0/x"]
    {
        client.create(key, b"not this").unwrap();
    }
    let listed = client.list("/registry/pods/default/", None).unwrap();
    let found: Vec<_> = listed.objects.iter().map(|object| object.key.clone()).collect();
    let mut expected = names.map(|name| format!("/registry/pods/default/{name}"));
    expected.sort();
    assert_eq!(found, expected);
    for object in &listed.objects {
        assert!(object.key.as_bytes().ends_with(&object.value), "{object:?}");
        assert_eq!(client.read(&object.key).unwrap().as_ref(), Some(object));
    }
    assert_eq!(client.list("/registry/pods/", None).unwrap().objects.len(), names.len() + 2);
    assert_eq!(client.list("/registry/services/", None).unwrap().objects, []);
}

pub fn a_list_is_as_it_was_at_its_revision(store: &dyn KeyValueStore) {
    let (_live, mut client) = open(store);
    let objects = pods();
    let created = create(client.as_mut(), &objects, 5);
    let then = client.list(&objects.prefix(), None).unwrap();
    assert_eq!(then.revision, created[4]);
    let updated = client.update(&objects.key(2), created[2], b"new").unwrap();
    client.create(&objects.key(7), b"later").unwrap();
    assert_eq!(client.list(&objects.prefix(), Some(then.revision)).unwrap(), then);
    assert_eq!(client.list(&objects.prefix(), Some(created[1])).unwrap().objects, then.objects[..2]);
    let between = client.list(&objects.prefix(), Some(updated)).unwrap();
    assert_eq!(between.objects.len(), 5);
    assert_eq!((between.objects[2].value.as_slice(), between.objects[2].revision), (b"new".as_slice(), updated));
    assert_eq!(client.list(&objects.prefix(), None).unwrap().objects.len(), 6);
}

pub fn what_was_replaced_is_forgotten_when_it_is_asked_to(store: &dyn KeyValueStore) {
    // kine keeps the last 1,000 changes.
    const CHANGES: u64 = 1_100;
    let (_live, mut client) = open(store);
    let objects = pods();
    let key = objects.key(0);
    let first = client.create(&key, &objects.value(0, 0)).unwrap();
    let last =
        (1..=CHANGES).fold(first, |known, version| client.update(&key, known, &objects.value(0, version)).unwrap());
    let other = client.create(&objects.key(1), &objects.value(1, 0)).unwrap();
    assert_eq!(client.list(&objects.prefix(), Some(first)).unwrap().objects.len(), 1);
    client.compact(Revision(other.0 + 1_000)).unwrap_err();
    client.compact(other).unwrap();
    client.list(&objects.prefix(), Some(first)).unwrap_err();
    let listing = client.list(&objects.prefix(), None).unwrap();
    let values: Vec<_> = listing.objects.into_iter().map(|object| object.value).collect();
    assert_eq!(values, [objects.value(0, CHANGES), objects.value(1, 0)]);
    assert_eq!(client.read(&key).unwrap().unwrap().revision, last);
    assert!(matches!(client.create(&key, b"again").unwrap_err(), StoreError::Exists { .. }));
    assert!(matches!(client.update(&key, first, b"stale").unwrap_err(), StoreError::Stale { .. }));
    client.update(&key, last, b"next").unwrap();
}

pub fn a_watch_tells_each_event_once_and_in_order(store: &dyn KeyValueStore) {
    const WRITERS: u64 = 4;
    const EACH: u64 = 50;
    let (live, mut client) = open(store);
    let prefix = pods().prefix();
    let now = client.list(&prefix, None).unwrap().revision;
    let mut watch = client.watch(&prefix, now).unwrap();
    let mut written: Vec<(Revision, String)> = thread::scope(|scope| {
        let threads: Vec<_> = (0..WRITERS)
            .map(|writer| {
                let mut client = live.client().unwrap();
                scope.spawn(move || {
                    let mut written = Vec::new();
                    for number in 0..EACH {
                        let key = pods().key(writer * 1000 + number);
                        let created = client.create(&key, &pods().value(number, 0)).unwrap();
                        written.push((created, key.clone()));
                        if number % 5 == 0 {
                            written.push((client.update(&key, created, b"again").unwrap(), key));
                        }
                        client.create(&format!("/registry/events/default/{writer}-{number}"), b"not watched").unwrap();
                    }
                    written
                })
            })
            .collect();
        threads.into_iter().flat_map(|thread| thread.join().unwrap()).collect()
    });
    written.sort();
    for (revision, key) in &written {
        let event = next(watch.as_mut());
        assert_eq!((event.revision, &event.key), (*revision, key));
    }
    assert_eq!(watch.next(Duration::from_millis(50)).unwrap(), None);
}

pub fn a_watch_begins_after_a_revision_of_the_past(store: &dyn KeyValueStore) {
    let (_live, mut client) = open(store);
    let objects = pods();
    let created = create(client.as_mut(), &objects, 10);
    let mut watch = client.watch(&objects.prefix(), created[3]).unwrap();
    client.create(&objects.key(10), &objects.value(10, 0)).unwrap();
    for number in 4..=10 {
        let event = next(watch.as_mut());
        assert_eq!((event.key, event.value), (objects.key(number), objects.value(number, 0)));
    }
    assert_eq!(watch.next(Duration::from_millis(50)).unwrap(), None);
}

pub fn a_watch_without_news_says_nothing(store: &dyn KeyValueStore) {
    let (_live, mut client) = open(store);
    let created = create(client.as_mut(), &pods(), 1);
    let mut watch = client.watch(&pods().prefix(), created[0]).unwrap();
    assert_eq!(watch.next(Duration::from_millis(50)).unwrap(), None);
    client.create("/registry/services/default/other", b"not watched").unwrap();
    assert_eq!(watch.next(Duration::from_millis(50)).unwrap(), None);
    client.create(&pods().key(1), b"news").unwrap();
    assert_eq!(next(watch.as_mut()).value, b"news");
}

pub fn watchers_of_one_prefix_are_told_the_same(store: &dyn KeyValueStore) {
    let (_live, mut client) = open(store);
    let objects = pods();
    let mut watches: Vec<_> = (0..5).map(|_| client.watch(&objects.prefix(), Revision(0)).unwrap()).collect();
    let created = create(client.as_mut(), &objects, 20);
    for watch in &mut watches {
        for (number, revision) in created.iter().enumerate() {
            let event = next(watch.as_mut());
            assert_eq!((event.key, event.revision), (objects.key(number as u64), *revision));
        }
    }
}

pub fn clients_see_each_others_writes(store: &dyn KeyValueStore) {
    let (live, mut writer) = open(store);
    let mut readers: Vec<_> = (0..4).map(|_| live.client().unwrap()).collect();
    for number in 0..50 {
        let revision = writer.create(&pods().key(number), b"v").unwrap();
        // Answered is visible, to everybody at once.
        for reader in &mut readers {
            assert_eq!(reader.read(&pods().key(number)).unwrap().unwrap().revision, revision);
        }
    }
}

pub fn stores_that_are_open_at_once_share_nothing(store: &dyn KeyValueStore) {
    let ((_one, mut first), (_other, mut second)) = (open(store), open(store));
    first.create("/registry/pods/default/web", b"of the first").unwrap();
    assert_eq!(second.read("/registry/pods/default/web").unwrap(), None);
    second.create("/registry/pods/default/web", b"of the second").unwrap();
    assert_eq!(first.read("/registry/pods/default/web").unwrap().unwrap().value, b"of the first");
}

pub fn it_takes_room_on_disk_and_leaves_none(store: &dyn KeyValueStore) {
    let directory = tempfile::tempdir().unwrap();
    let place = runtime_baseline::store::Place { directory: Some(directory.path().into()), port: None };
    let live = store.open_at(&place).unwrap();
    let mut client = live.client().unwrap();
    create(client.as_mut(), &Objects::pods("default", 10 << 10), 20);
    assert!(live.bytes_on_disk().unwrap() > 200 << 10);
    let process = live.process();
    assert_eq!(live.cpu_time().unwrap().is_some(), process.is_some());
    drop((client, live));
    if let Some(process) = process {
        assert!(!std::path::Path::new(&format!("/proc/{process}")).exists());
    }
    // What was named stays its owner's.
    assert!(directory.path().join(if process.is_some() { "." } else { "state.db" }).exists());
}
