//! The limiter on virtual time, against a HaloPSA that counts each request at any moment before its answer.

use futures::future::join_all;

use super::*;

fn limiter(requests: u32, reserve: f64) -> Arc<Limiter> {
    Arc::new(Limiter::new(Budget { requests, per: Duration::from_mins(5), reserve }, true, 0))
}

/// Sends one request that takes `latency`; answers when HaloPSA counted it.
async fn send(
    limiter: Arc<Limiter>,
    priority: Priority,
    latency: Duration,
    counted_after: Duration,
) -> Duration {
    let mut slot = limiter.acquire(priority).await;
    slot.sending();
    tokio::time::sleep(counted_after).await;
    let counted = limiter.now();
    tokio::time::sleep(latency.saturating_sub(counted_after)).await;
    counted
}

/// 10,000 writes wanted at once: the most HaloPSA ever counted in a window, and the share of the budget used.
async fn simulate(requests: u32, seed: u64) -> (usize, f64) {
    let mut random = fastrand::Rng::with_seed(seed);
    let limiter = limiter(requests, 0.1);
    let writes = (0..10_000).map(|_| {
        let latency = Duration::from_millis(random.u64(20..800));
        let counted_after = latency.mul_f64(random.f64());
        tokio::spawn(send(limiter.clone(), Priority::Urgent, latency, counted_after))
    });
    let mut counted: Vec<Duration> = join_all(writes).await.into_iter().map(Result::unwrap).collect();
    counted.sort();

    let window = Duration::from_mins(5);
    let mut most = 0;
    let mut oldest = 0;
    for (newest, moment) in counted.iter().enumerate() {
        while counted[oldest] + window <= *moment {
            oldest += 1;
        }
        most = most.max(newest + 1 - oldest);
    }
    let last = counted[counted.len() - 1];
    let sent_before = counted.iter().filter(|moment| **moment + Duration::from_secs(2) < last).count();
    let allowed = last.as_secs_f64() / 300.0 * f64::from(requests);
    (most, sent_before as f64 / allowed)
}

#[tokio::test(start_paused = true)]
async fn ten_thousand_writes_use_the_budget_and_never_exceed_it() {
    for requests in [300, 450, 700] {
        let seed = fastrand::u64(..);
        let (most, share) = simulate(requests, seed).await;
        println!("budget {requests}: at most {most} in a window, {:.2} % used (seed {seed})", share * 100.0);
        assert!(most <= requests as usize, "{most} of {requests} requests in one window (seed {seed})");
        assert!(share >= 0.99, "only {share} of {requests} used (seed {seed})");
    }
}

#[tokio::test(start_paused = true)]
async fn an_urgent_request_overtakes_those_that_wait() {
    let limiter = limiter(1, 0.0);
    drop({
        let mut first = limiter.acquire(Priority::Normal).await;
        first.sending();
        first
    });
    let order = Arc::new(Mutex::new(Vec::new()));
    let waiting = [Priority::Background, Priority::Normal, Priority::Urgent].map(|priority| {
        let (limiter, order) = (limiter.clone(), order.clone());
        tokio::spawn(async move {
            let mut slot = limiter.acquire(priority).await;
            slot.sending();
            order.lock().unwrap().push(priority);
        })
    });
    join_all(waiting).await;
    assert_eq!(*order.lock().unwrap(), [Priority::Urgent, Priority::Normal, Priority::Background]);
}

#[tokio::test(start_paused = true)]
async fn whoever_stops_waiting_gives_the_turn_back() {
    let limiter = limiter(1, 0.0);
    let slot = limiter.acquire(Priority::Normal).await;
    let mut waiting = Box::pin(limiter.acquire(Priority::Normal));
    assert!(futures::poll!(&mut waiting).is_pending());
    assert_eq!(limiter.report().waiting, 1);
    drop(slot);
    // The leader hands the turn over when it is next polled; here nobody polls it again.
    drop(waiting);
    assert_eq!(limiter.report().waiting, 0);
    let slot = limiter.acquire(Priority::Normal).await;
    assert_eq!((limiter.report().used, limiter.now()), (1, Duration::ZERO));
    drop(slot);
    assert_eq!(limiter.report().used, 0);
}

#[tokio::test(start_paused = true)]
async fn the_reserve_is_free_when_normal_requests_have_used_up_the_rest() {
    let limiter = limiter(300, 0.1);
    let normal: Vec<Slot> = join_all((0..270).map(|_| limiter.acquire(Priority::Normal))).await;
    assert_eq!(limiter.report().available, 0);
    let urgent: Vec<Slot> = join_all((0..30).map(|_| limiter.acquire(Priority::Urgent))).await;
    assert_eq!((normal.len(), urgent.len(), limiter.now()), (270, 30, Duration::ZERO));
}

#[tokio::test(start_paused = true)]
async fn a_reached_limit_stops_every_clone_until_the_pause_is_over() {
    let limiter = limiter(300, 0.0);
    let mut slot = limiter.acquire(Priority::Normal).await;
    slot.sending();
    limiter.refused(
        Duration::from_secs(20),
        Notice::read("Rate Limit Reached - 250 Requests per rolling 5 minute window"),
    );
    drop(slot);
    assert_eq!(limiter.report().limit, 250);
    drop(limiter.acquire(Priority::Urgent).await);
    assert_eq!(limiter.now(), Duration::from_secs(20));
}
