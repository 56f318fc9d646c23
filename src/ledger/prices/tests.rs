use super::*;

fn book() -> PriceBook {
    PriceBook::builtin().unwrap()
}

fn ms(text: &str) -> i64 {
    text.parse::<jiff::Timestamp>().unwrap().as_millisecond()
}

const NOW: &str = "2026-11-20T12:00:00Z";

fn usage(input: u64, output: u64, cache_read: u64, w5: u64, w1h: u64) -> Usage {
    Usage { input, output, cache_read, cache_write_5m: w5, cache_write_1h: w1h, ..Usage::default() }
}

fn claude(model: &str, at: &str, usage: Usage, terms: Terms) -> Option<i64> {
    book().cost(Source::Claude, None, model, ms(at), &usage, terms).map(|u| u.0)
}

/// What Claude Code 2.1.329 itself said for this usage: $0.642068 (`cost-state` of a recorded session).
#[test]
fn agrees_with_what_claude_code_says_of_itself() {
    let used = usage(360, 1715, 781_640, 90_000, 0);
    assert_eq!(claude("claude-opus-5-5", NOW, used, Terms::default()), Some(642_068_000_000));
}

#[test]
fn one_hour_writes_cost_twice_the_input() {
    assert_eq!(
        claude("claude-sonnet-5", NOW, usage(0, 0, 0, 1000, 0), Terms::default()),
        Some(2_500_000_000)
    );
    assert_eq!(
        claude("claude-sonnet-5", NOW, usage(0, 0, 0, 0, 1000), Terms::default()),
        Some(4_000_000_000)
    );
}

#[test]
fn tiers_are_cliffs_for_the_whole_request() {
    let below = claude("claude-haiku-5-5", NOW, usage(50_000, 10, 50_000, 0, 0), Terms::default());
    assert_eq!(below, Some(50_000 * 100_000 + 10 * 500_000 + 50_000 * 10_000));
    let above = claude("claude-haiku-5-5", NOW, usage(50_001, 10, 50_000, 0, 0), Terms::default());
    assert_eq!(above, Some(50_001 * 500_000 + 10 * 2_500_000 + 50_000 * 50_000));
}

#[test]
fn prices_hold_from_their_day_on() {
    let used = usage(250_000, 0, 0, 0, 0);
    assert_eq!(
        claude("claude-opus-4-6", "2026-03-12T23:59:59Z", used, Terms::default()),
        Some(250_000 * 10_000_000)
    );
    assert_eq!(
        claude("claude-opus-4-6", "2026-03-13T00:00:00Z", used, Terms::default()),
        Some(250_000 * 5_000_000)
    );
    let codex = |at: &str| {
        book().cost(
            Source::Codex,
            Some("openai"),
            "gpt-5.6-sol",
            ms(at),
            &usage(1000, 0, 0, 0, 0),
            Terms::default(),
        )
    };
    assert_eq!(codex("2026-08-20T23:59:59Z"), Some(Usd(5_000_000_000)));
    assert_eq!(codex("2026-08-21T00:00:00Z"), Some(Usd(4_000_000_000)));
    let gemini = |at: &str| {
        book().cost(
            Source::Gemini,
            None,
            "gemini-4-argon",
            ms(at),
            &usage(1000, 0, 0, 0, 0),
            Terms::default(),
        )
    };
    assert_eq!(gemini(NOW), Some(Usd(2_000_000_000)));
    assert_eq!(gemini("2026-12-01T00:00:00Z"), Some(Usd(4_000_000_000)));
}

#[test]
fn multipliers_apply_to_tokens_and_not_to_searches() {
    let mut used = usage(1000, 100, 0, 0, 0);
    let base = 1000 * 4_000_000 + 100 * 20_000_000;
    assert_eq!(
        claude("claude-opus-5-5", NOW, used, Terms { fast: true, ..Terms::default() }),
        Some(2 * base)
    );
    assert_eq!(
        claude("claude-opus-5-5", NOW, used, Terms { us: true, ..Terms::default() }),
        Some(base * 11 / 10)
    );
    used.web_searches = 3;
    assert_eq!(
        claude("claude-opus-5-5", NOW, used, Terms { us: true, fast: true, ..Terms::default() }),
        Some(2 * base * 11 / 10 + 30_000_000_000)
    );
    assert_eq!(
        claude("claude-opus-4-6", NOW, usage(1, 0, 0, 0, 0), Terms { fast: true, ..Terms::default() }),
        Some(6 * 5_000_000)
    );
    assert_eq!(
        claude("claude-sonnet-5-5", NOW, usage(1, 0, 0, 0, 0), Terms { fast: true, ..Terms::default() }),
        None
    );
}

#[test]
fn services_have_prices_of_their_own() {
    let batch = Terms { service: Service::Batch, ..Terms::default() };
    assert_eq!(claude("claude-opus-5-5", NOW, usage(1000, 100, 0, 0, 0), batch), Some(3_000_000_000));
    assert_eq!(claude("claude-opus-5-5", NOW, usage(0, 0, 0, 0, 1), batch), None, "never derived");
    // What a batch cost before a change of price was not recorded, for small prompts and large ones.
    for prompt in [1000, 250_000] {
        let cost = |at| claude("claude-sonnet-4-6", at, usage(prompt, 0, 0, 0, 0), batch);
        assert_eq!((cost("2026-03-12T12:00:00Z"), cost(NOW).is_some()), (None, true), "{prompt}");
    }
    let codex = |model: &str, used: Usage, service| {
        let terms = Terms { service, ..Terms::default() };
        book().cost(Source::Codex, Some("openai"), model, ms(NOW), &used, terms).map(|u| u.0)
    };
    let used = usage(1000, 0, 0, 0, 0);
    assert_eq!(codex("gpt-5.5", used, Service::Priority), Some(12_500_000_000));
    assert_eq!(codex("gpt-5.5", usage(300_000, 0, 0, 0, 0), Service::Priority), Some(300_000 * 10_000_000));
    assert_eq!(codex("gpt-6.1-sol", used, Service::Ultrafast), Some(12_000_000_000));
    assert_eq!(codex("gpt-5.1-codex", used, Service::Priority), Some(1_250_000_000), "not sold: as usual");
    assert_eq!(codex("gpt-5.1-codex", used, Service::Flex), None);
}

#[test]
fn openai_bills_cache_writes_as_input_where_they_have_no_price() {
    let codex = |model: &str| {
        book().cost(Source::Codex, None, model, ms(NOW), &usage(0, 0, 0, 1000, 0), Terms::default())
    };
    assert_eq!(codex("gpt-5.5"), Some(Usd(5_000_000_000)));
    assert_eq!(codex("gpt-6-sol"), Some(Usd(2_500_000_000)));
    assert_eq!(
        claude("claude-3-opus", "2025-01-01T00:00:00Z", usage(0, 0, 0, 0, 0), Terms::default()),
        Some(0)
    );
}

#[test]
fn off_peak_hours_are_utc_and_by_weekday() {
    let at = |when: &str| {
        book()
            .cost(
                Source::OpenCode,
                Some("deepseek"),
                "deepseek-v4-pro",
                ms(when),
                &usage(1000, 0, 0, 0, 0),
                Terms::default(),
            )
            .map(|u| u.0)
    };
    // 2026-11-20 is a Friday, 2026-11-21 a Saturday.
    assert_eq!(at("2026-11-20T02:00:00Z"), Some(1_320_000_000));
    assert_eq!(at("2026-11-20T04:00:00Z"), Some(660_000_000));
    assert_eq!(at("2026-11-20T23:59:00Z"), Some(660_000_000));
    assert_eq!(at("2026-11-21T02:00:00Z"), Some(660_000_000));
}

#[test]
fn names_resolve_by_vendor_and_never_by_likeness() {
    let book = book();
    let find = |source, vendor, model: &str| {
        book.resolve(source, vendor, model).map(|m| format!("{}/{}", m.vendor, m.name))
    };
    assert_eq!(
        find(Source::Claude, None, "claude-opus-4-6[1m]").as_deref(),
        Some("anthropic/claude-opus-4-6")
    );
    assert_eq!(
        find(Source::Claude, None, "claude-opus-4-1-20250805").as_deref(),
        Some("anthropic/claude-opus-4-1")
    );
    assert_eq!(
        find(Source::Claude, None, "us.anthropic.claude-opus-5-v1:0").as_deref(),
        Some("anthropic/claude-opus-5")
    );
    assert_eq!(find(Source::Claude, None, "deepseek-v4-pro").as_deref(), Some("deepseek/deepseek-v4-pro"));
    assert_eq!(
        find(Source::OpenCode, Some("alibaba"), "deepseek-v4-pro").as_deref(),
        Some("dashscope/deepseek-v4-pro")
    );
    assert_eq!(find(Source::Qwen, None, "deepseek-v4-pro").as_deref(), Some("dashscope/deepseek-v4-pro"));
    assert_eq!(find(Source::Codex, Some("fake"), "gpt-5.5").as_deref(), Some("openai/gpt-5.5"));
    assert_eq!(find(Source::Claude, None, "claude-opus-9"), None);
    assert_eq!(find(Source::Claude, None, "claude-opus-4-6-turbo"), None);
    assert_eq!(find(Source::Codex, None, ""), None);
}

#[test]
fn a_persons_own_price_comes_first_and_changes_the_revision() {
    let plain = book();
    let rates = Rates { input: Some(1), output: Some(2), cache_read: Some(3), ..Rates::default() };
    let own = book().with_overrides([Override::always("claude-opus-5", rates)]);
    assert_ne!(plain.rev(), own.rev());
    let cost = |model: &str, used| own.cost(Source::Claude, None, model, ms(NOW), &used, Terms::default());
    assert_eq!(cost("claude-opus-5[1m]", usage(10, 10, 10, 0, 0)), Some(Usd(60)));
    assert_eq!(cost("claude-opus-5", usage(0, 0, 0, 5, 0)), None);
    assert_eq!(cost("claude-opus-5-5", usage(1, 0, 0, 0, 0)), Some(Usd(4_000_000)));
}

#[test]
fn a_persons_own_price_stands_above_what_the_agent_says_it_cost() {
    let rates = Rates { input: Some(1), ..Rates::default() };
    let book = book().with_overrides([Override::always("claude-opus-5", rates)]);
    let booked = |model: &str, reported: Option<i64>, used| {
        let quote = book.quote(Source::Claude, None, model);
        quote.booked(reported.map(Usd), ms(NOW), &used, Terms::default()).map(|usd| usd.0)
    };
    assert_eq!(booked("claude-opus-5", Some(0), usage(10, 0, 0, 0, 0)), Some(10));
    // What it has no price for is as the agent says.
    assert_eq!(booked("claude-opus-5", Some(9), usage(0, 0, 0, 5, 0)), Some(9));
    // Without a price of one's own the agent's word stands above the list: nought may be a subscription.
    assert_eq!(booked("claude-opus-5-5", Some(0), usage(1, 0, 0, 0, 0)), Some(0));
    assert_eq!(booked("claude-opus-5-5", None, usage(1, 0, 0, 0, 0)), Some(4_000_000));
}

/// The book with prices as a configuration says them.
fn own(prices: &[(&str, &[crate::config::Price])]) -> PriceBook {
    book().with_overrides(prices.iter().map(|(model, price)| Override::from_config(model, price)))
}

#[test]
fn own_prices_hold_for_a_vendor_and_from_a_day_on() {
    use crate::config::Price;
    let price = |from: Option<&str>, input| Price {
        from: from.map(str::to_owned),
        input: Some(input),
        output: Some(input),
        ..Price::default()
    };
    let off = |permille| Price { discount_permille: Some(permille), ..Price::default() };
    let used = usage(1000, 0, 0, 0, 0);
    let cost = |book: &PriceBook, source, vendor, model, at| {
        book.cost(source, vendor, model, ms(at), &used, Terms::default()).map(|u| u.0)
    };
    let list = 4_000_000_000;

    let named = own(&[("anthropic/claude-opus-5-5", &[price(None, 7)])]);
    let opus = "claude-opus-5-5";
    assert_eq!(cost(&named, Source::Claude, None, opus, NOW), Some(7000));
    assert_eq!(cost(&named, Source::Aider, Some("anthropic"), opus, NOW), Some(7000));
    assert_eq!(cost(&named, Source::OpenCode, None, "anthropic/claude-opus-5-5", NOW), Some(7000));
    assert_eq!(cost(&named, Source::OpenCode, None, opus, NOW), Some(7000), "its own maker's");
    assert_eq!(cost(&named, Source::OpenCode, Some("my-gateway"), opus, NOW), Some(list), "bought elsewhere");
    let gateway = own(&[("my-gateway/claude-opus-5-5", &[price(None, 7)]), (opus, &[price(None, 8)])]);
    assert_eq!(cost(&gateway, Source::OpenCode, Some("my-gateway"), opus, NOW), Some(7000));
    assert_eq!(cost(&gateway, Source::Claude, None, opus, NOW), Some(8000));

    let dated = own(&[(opus, &[price(Some("2026-11-01"), 7), price(Some("2026-11-20"), 9)])]);
    let at = |day| cost(&dated, Source::Claude, None, opus, day);
    assert_eq!(at("2026-10-31T23:59:59Z"), Some(list), "the list holds before");
    assert_eq!((at("2026-11-01T00:00:00Z"), at("2026-11-19T23:59:59Z")), (Some(7000), Some(7000)));
    assert_eq!(at("2026-11-20T00:00:00Z"), Some(9000));

    let contract = own(&[("anthropic/*", &[off(125)])]);
    assert_eq!(cost(&contract, Source::Claude, None, opus, NOW), Some(list / 1000 * 875));
    assert_eq!(cost(&contract, Source::Claude, None, "unheard-of", NOW), None);
    assert_eq!(cost(&contract, Source::Codex, None, "gpt-5.5", NOW), Some(5_000_000_000));
}

/// What a person leaves out is not known: never as some other kind of token costs.
#[test]
fn own_prices_are_never_derived() {
    let price = crate::config::Price { input: Some(5), output: Some(6), ..crate::config::Price::default() };
    let book =
        own(&[("claude-opus-5-5", std::slice::from_ref(&price)), ("gpt-5.5", std::slice::from_ref(&price))]);
    let cost = |source, model, used| book.cost(source, None, model, ms(NOW), &used, Terms::default());
    assert_eq!(cost(Source::Claude, "claude-opus-5-5", usage(1, 1, 0, 0, 0)), Some(Usd(11)));
    for used in [usage(1, 1, 1, 0, 0), usage(1, 1, 0, 1, 0), usage(1, 1, 0, 0, 1)] {
        assert_eq!(cost(Source::Claude, "claude-opus-5-5", used), None, "{used:?}");
        assert_eq!(cost(Source::Codex, "gpt-5.5", used), None, "{used:?}");
    }
}

#[test]
fn a_version_belongs_to_the_name_unless_bedrock_added_it() {
    let priced = |model: &str| claude(model, NOW, usage(1, 0, 0, 0, 0), Terms::default()).is_some();
    assert!(
        priced("us.anthropic.claude-sonnet-4-5-20250929-v1:0") && priced("anthropic.claude-opus-5-v1:0[1m]")
    );
    assert!(!priced("deepseek-chat-v3") && !priced("claude-opus-5-v2"));
}

/// Two independent lists agree on the base rates of nearly all models they share.
#[test]
fn both_files_are_read_whole() {
    let book = book();
    assert!(book.models().len() > 450, "{}", book.models().len());
    assert!(book.models().iter().all(|m| !m.spans.is_empty()));
    let unpriced: Vec<_> = book.models().iter().filter(|m| m.spans[0].price.rates.input.is_none()).collect();
    assert!(unpriced.is_empty(), "{unpriced:?}");
}
