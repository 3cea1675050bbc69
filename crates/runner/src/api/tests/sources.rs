//! How sources stand, and recordings of what they send.

use serde_json::{Value, json};

use super::{Product, TOKEN, http};

async fn delete(product: &Product, path: &str) -> (u16, Value) {
    let answer = http(false).unwrap().delete(product.url(path)).bearer_auth(TOKEN).send().await.unwrap();
    (answer.status().as_u16(), answer.json().await.unwrap())
}

#[tokio::test]
async fn each_source_says_its_url_how_much_it_sends_and_what_was_refused() {
    let product = Product::start().await;
    product.fire("disk", "srv-01").await;
    let http = http(false).unwrap();
    for _ in 0..2 {
        let answer = http.post(product.url("/hooks/own")).body("{ broken").send().await.unwrap();
        let said = answer.status().as_u16();
        assert!(said == 400 || said == 202, "{said}");
    }
    let answer = http
        .post(product.url("/hooks/own"))
        .header("content-type", "application/pdf")
        .body("%PDF")
        .send()
        .await
        .unwrap();
    assert_eq!(answer.status(), 415);
    // Nobody's: a stranger can make up any number of names.
    assert_eq!(http.post(product.url("/hooks/nobody")).body("{}").send().await.unwrap().status(), 404);
    let (status, found) = product.get("/api/v1/sources").await;
    assert_eq!(status, 200);
    let items = found["items"].as_array().unwrap();
    assert_eq!(items.iter().map(|item| &item["name"]).collect::<Vec<_>>(), ["chatty", "own"]);
    assert_eq!(items[0].get("traffic"), None, "it sent nothing: {found}");
    let own = &items[1];
    assert_eq!(own["url"], product.url("/hooks/own"));
    assert!(own["events_today"].as_u64() >= Some(1), "{own}");
    assert!(own["traffic"]["events_last_hour"].as_u64() >= Some(1), "{own}");
    let refused = own["traffic"]["refused"].as_array().unwrap();
    let unknown = refused.iter().find(|refused| refused["status"] == 415).unwrap();
    assert_eq!(unknown["count"], 1, "{own}");
    assert!(unknown["why"].as_str().unwrap().contains("application/pdf"), "{own}");
    product.stop().await;
}

#[tokio::test]
async fn payloads_are_recorded_while_somebody_wants_them() {
    let product = Product::start().await;
    let path = "/api/v1/sources/own/recording";
    assert_eq!(product.get(path).await.0, 404);
    assert_eq!(product.post("/api/v1/sources/nobody/recording", &json!({})).await.0, 404);
    for (wrong, says) in [
        (json!({ "count": 0 }), "1 to 20 payloads"),
        (json!({ "for": "2h" }), "at most 1h"),
        (json!({ "for": "soon" }), "`for`"),
        (json!({ "cuont": 1 }), "cuont"),
    ] {
        let (status, problem) = product.post(path, &wrong).await;
        assert_eq!(status, 400, "{problem}");
        assert!(problem["detail"].as_str().unwrap().contains(says), "{problem}");
    }
    product.fire("before", "srv-01").await;
    let (status, started) = product.post(path, &json!({ "count": 2, "for": "5m" })).await;
    assert_eq!((status, &started["over"]), (200, &json!(false)), "{started}");
    let event = json!({ "check": "disk", "title": "full", "api_token": "geheim" });
    let sent = http(false).unwrap().post(product.url("/hooks/own")).header("x-kind", "alert").json(&event);
    assert_eq!(sent.send().await.unwrap().status(), 202);
    let (_, found) = product.get(path).await;
    assert_eq!(found["over"], false);
    assert_eq!(
        found["payloads"][0]["payload"],
        json!({ "check": "disk", "title": "full", "api_token": "[redacted]" })
    );
    assert_eq!(found["payloads"][0]["headers"]["x-kind"], "alert");
    product.fire("second", "srv-02").await;
    product.fire("third", "srv-03").await;
    let (_, found) = delete(&product, path).await;
    assert_eq!((&found["over"], found["payloads"].as_array().map(Vec::len)), (&json!(true), Some(2)));
    assert_eq!(delete(&product, path).await.0, 404);
    product.stop().await;
}
