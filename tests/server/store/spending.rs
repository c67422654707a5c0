//! What is set aside for generations, and what of it remains.

use inkstream::server::store::spending::Claim;

use super::*;

on_every_database! {
    of_what_is_wanted_as_much_is_set_aside_as_there_is_room_for
    many_claims_at_once_do_not_get_past_the_limit
}

fn claim(generation: Uuid, cost: i64, wanted: i64) -> Claim<'static> {
    Claim { generation, day: 20_000, currency: "CNY", cost, wanted }
}

async fn of_what_is_wanted_as_much_is_set_aside_as_there_is_room_for(store: &Store) {
    let (one, other) = (Uuid::now_v7(), Uuid::now_v7());
    let claimed = async |generation, cost, wanted| {
        store.claim_spending(claim(generation, cost, wanted), 100).await.unwrap()
    };
    assert_eq!(claimed(one, 10, 20).await, Some(20));
    assert_eq!(claimed(other, 60, 90).await, Some(80), "all that is left");
    assert_eq!(claimed(one, 21, 30).await, None);
    assert_eq!(claimed(Uuid::now_v7(), 0, 0).await, Some(0), "what costs nothing always fits");
    // Another claim takes the place of the one before.
    store.settle_spending(other, 50).await.unwrap();
    assert_eq!(claimed(one, 21, 30).await, Some(30));
    let elsewhere = Claim { currency: "EUR", ..claim(Uuid::now_v7(), 100, 100) };
    assert_eq!(store.claim_spending(elsewhere, 100).await.unwrap(), Some(100));
}

async fn many_claims_at_once_do_not_get_past_the_limit(store: &Store) {
    let claims = (0..20).map(|_| store.claim_spending(claim(Uuid::now_v7(), 10, 15), 100));
    let claimed = futures_util::future::join_all(claims).await;
    let sum: i64 = claimed.into_iter().filter_map(Result::unwrap).sum();
    assert_eq!(sum, 100);
}
