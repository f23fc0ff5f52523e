// iro/plugin.hpp: write a rule of the region in C++20.
//
//   #include <iro/events/handover.hpp>
//   #include <iro/plugin.hpp>
//
//   struct SixWeeks {
//     struct Config {
//       std::uint16_t most_weeks = 6;
//       void settings(auto& is) { is("most_weeks", most_weeks); }
//     };
//     Config config;
//     iro::Verdict invited(const iro::events::HandoverInvited& invited) const {
//       if (invited.weeks() <= config.most_weeks) return iro::accept();
//       return iro::reject("too_long", {.nl = "Te lang", .en = "Too long"});
//     }
//   };
//   IRO_PLUGIN(iro::plugin<SixWeeks>().on<&SixWeeks::invited>())
//
// A handler is a const member function. Its first parameter says what it is
// for: an event's table (iro/events/*.hpp), `const iro::Timer&` or
// `const iro::Erased&`. `const iro::Event&` and `iro::Effects&` may follow. One
// that returns Verdict judges the type, one that returns void reacts to it.
// Const, because a rule remembers in iro::State and nowhere else.
//
// IRO_PLUGIN compares the handlers with plugin.toml (iro_add_plugin hands it
// over), so that the two cannot differ. Exceptions end at the plugin's border.
// The instance is used by one thread; there is nothing global.
//
// The contract below all this: iro/plugin.h. The reference: docs/plugin-authors.
#pragma once

#include <array>
#include <memory>
#include <new>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

#include "iro/call.hpp"
#include "iro/settings.hpp"
#include "iro/state.hpp"

namespace iro {
inline namespace sdk {

/// What a view's handler is given: state to read, and what was asked.
class View : public Look {
 public:
  View(const detail::Services& services, iro_call* call, Time now, std::string_view args)
      : Look(services, call, now), args_(args.empty() ? json::Object() : json::parse(args)) {}
  /// An argument as T, or `otherwise` when it was not given.
  template <typename T>
  [[nodiscard]] T argument(std::string_view name, T otherwise) const {
    const auto at = args_.find(name);
    return at == args_.end() ? std::move(otherwise) : json::as<T>(at->second, name);
  }
  /// The slug of the member who asks; the hub's operator is "operator".
  [[nodiscard]] std::string asker() const {
    iro_text slug{};
    detail::check(detail::need(services_->asker, IRO_HOST_ASKER_1).member(call_, &slug), "asker");
    return std::string(detail::view_of(slug));
  }

 private:
  json::Object args_;
};

/// For a plugin's own test: report("what was looked at", it_was_right).
class SelfTest {
 public:
  using Report = void (*)(void* context, iro_text what, std::int32_t ok);
  SelfTest(Report report, void* context) : report_(report), context_(context) {}
  void operator()(std::string_view what, bool ok) const { report_(context_, detail::text_of(what), ok ? 1 : 0); }

 private:
  Report report_;
  void* context_;
};

/// "iro.sdk.declared/1": what plugin.toml and the source say, for tests and tools (iro/testing.hpp, iro-plugin check).
#define IRO_SDK_DECLARED_1 "iro.sdk.declared/1"
struct Declared {
  std::uint32_t size;
  std::uint32_t from_manifest;  // 0: there was no plugin.toml, the types are those of the handlers
  iro_text defaults;            // the settings, as JSON, each with its default
  const iro_text* judges;
  std::size_t judges_count;
  const iro_text* reacts;
  std::size_t reacts_count;
  const iro_text* emits;
  std::size_t emits_count;
};

namespace detail {

/// A text as a template argument.
template <std::size_t N>
struct Literal {
  char text[N];
  consteval Literal(const char (&from)[N]) : text{} {
    for (std::size_t i = 0; i < N; ++i) text[i] = from[i];
  }
  [[nodiscard]] constexpr std::string_view view() const { return {text, N - 1}; }
};

template <std::size_t N>
constexpr bool lists(const std::array<std::string_view, N>& names, std::string_view name) {
  for (const std::string_view one : names) {
    if (one == name) return true;
  }
  return false;
}

template <std::size_t N>
constexpr std::array<iro_text, N> as_texts(const std::array<std::string_view, N>& from) {
  std::array<iro_text, N> out{};
  for (std::size_t i = 0; i < N; ++i) out[i] = {from[i].data(), from[i].size()};
  return out;
}

// ---- handlers: the signature says everything

template <typename Parameter>
struct Argument {
  static_assert(archive::never<Parameter>,
                "behind what it is for, a handler takes `const iro::Event&`, `iro::Effects&`, both, or neither");
};
template <>
struct Argument<const Event&> {
  // NOLINTNEXTLINE(bugprone-return-const-ref-from-parameter): on to the handler of the same call
  static const Event& of(const Event& event, Effects&) { return event; }
};
template <>
struct Argument<Effects&> {
  static Effects& of(const Event&, Effects& effects) { return effects; }
};

template <typename>
struct Signature {
  static constexpr bool member = false;
};
template <typename C, typename R, typename S, typename... Rest>
struct Signature<R (C::*)(S, Rest...) const> {
  static constexpr bool member = true;
  static constexpr bool is_const = true;
  using Rule = C;
  using Return = R;
  using Subject = S;
  template <auto handler>
  static R call(const C& rule, S subject, const Event& event, Effects& effects) {
    return (rule.*handler)(subject, Argument<Rest>::of(event, effects)...);
  }
};
template <typename C, typename R, typename S, typename... Rest>
struct Signature<R (C::*)(S, Rest...) const noexcept> : Signature<R (C::*)(S, Rest...) const> {};
template <typename C, typename R, typename... Rest>
struct Signature<R (C::*)(Rest...)> {
  static constexpr bool member = true;
  static constexpr bool is_const = false;
};
template <typename C, typename R, typename... Rest>
struct Signature<R (C::*)(Rest...) noexcept> : Signature<R (C::*)(Rest...)> {};

template <auto handler>
constexpr void check_handler() {
  using S = Signature<decltype(handler)>;
  static_assert(S::member,
                "a handler is a member function of the rule: &Rule::name, with what it is for as first parameter");
  if constexpr (S::member) {
    static_assert(S::is_const, "a handler is const: what a rule remembers it puts into iro::State, in the hub's log");
  }
}

/// A handler for one event type, or for timers, or for erased events.
template <auto handler>
struct Slot {
  using S = Signature<decltype(handler)>;
  using Subject = std::remove_cvref_t<typename S::Subject>;
  static_assert(std::is_same_v<typename S::Subject, const Subject&>,
                "a handler's first parameter is a const reference");
  static constexpr bool is_erased = std::is_same_v<Subject, Erased>;
  static constexpr bool is_event = EventTable<Subject>;
  static_assert(is_event || is_erased,
                "a handler is for an event's table (#include <iro/events/...hpp>), for iro::Erased, or (alarm<>) for "
                "iro::Timer");
  static constexpr bool judges = std::is_same_v<typename S::Return, Verdict>;
  static_assert(judges || std::is_void_v<typename S::Return>,
                "a handler returns iro::Verdict (it judges) or void (it reacts)");
  static_assert(!(judges && is_erased), "an erased event is past judging: return void");
  static constexpr std::string_view type() {
    if constexpr (is_event) {
      return EventTraits<Subject>::type;
    } else {
      return {};
    }
  }

  template <typename Rule>
  static void handle(const Rule& rule, const iro_event& raw, Effects& effects) {
    const Event event(raw);
    if constexpr (is_erased) {
      S::template call<handler>(rule, Erased(raw), event, effects);
    } else {
      const auto& table = *flatbuffers::GetRoot<Subject>(raw.payload.data);
      if constexpr (judges) {
        const Verdict verdict = S::template call<handler>(rule, table, event, effects);
        if (event.judged()) Access::give(effects, verdict);
      } else {
        S::template call<handler>(rule, table, event, effects);
      }
    }
  }
};

/// A handler for one event type, of a part of the rule (such as iro::Directory).
template <auto part, typename Table>
struct PartSlot {
  static constexpr bool is_erased = false;
  static constexpr bool is_event = true;
  static constexpr bool judges = false;
  static constexpr std::string_view type() { return EventTraits<Table>::type; }
  template <typename Rule>
  static void handle(const Rule& rule, const iro_event& raw, Effects& effects) {
    (rule.*part).on(*flatbuffers::GetRoot<Table>(raw.payload.data), Event(raw), effects);
  }
};

template <auto alarm, auto handler>
struct AlarmSlot {
  using S = Signature<decltype(handler)>;
  static_assert(std::is_same_v<typename S::Subject, const Timer&> && std::is_void_v<typename S::Return>,
                "an alarm's handler is `void name(const iro::Timer&, iro::Effects&) const`");
  template <typename Rule>
  static bool handle(const Rule& rule, const iro_event& raw, Effects& effects) {
    const auto key = (rule.*alarm).match(view_of(raw.key));
    if (!key) return false;
    S::template call<handler>(rule, Timer(raw, *key), Event(raw), effects);
    return true;
  }
};

template <Literal name, auto handler>
struct ViewSlot {
  static constexpr std::string_view view_name() { return name.view(); }
  template <typename Rule>
  static std::string show(const Rule& rule, const View& view) {
    return (rule.*handler)(view);
  }
};

template <typename... T>
struct List {
  template <typename More>
  using with = List<T..., More>;
};
template <typename, typename>
struct Join;
template <typename... A, typename... B>
struct Join<List<A...>, List<B...>> {
  using type = List<A..., B...>;
};

struct NoManifest {
  static constexpr bool there = false;
  static constexpr std::array<std::string_view, 0> judges{}, reacts{}, emits{}, views{};
  static constexpr std::string_view defaults = "{}";
};

/// The type under `judges` or `reacts` of plugin.toml that a message is about stands in its template arguments.
template <typename Manifest, typename SlotType>
struct Listed {
  static_assert(!SlotType::is_event || !SlotType::judges || lists(Manifest::judges, SlotType::type()),
                "this handler returns a Verdict: list its event type under `judges` in plugin.toml");
  static_assert(!SlotType::is_event || SlotType::judges || lists(Manifest::reacts, SlotType::type()) ||
                    lists(Manifest::judges, SlotType::type()),
                "list this handler's event type under `reacts` in plugin.toml");
  static constexpr bool ok = true;
};
template <std::size_t place_in_judges, bool has_handler>
struct Judged {
  static_assert(has_handler,
                "a type under `judges` in plugin.toml (see place_in_judges) has no handler that returns a Verdict");
  static constexpr bool ok = has_handler;
};
template <std::size_t place_in_reacts, bool has_handler>
struct Reacted {
  static_assert(has_handler, "a type under `reacts` in plugin.toml (see place_in_reacts) has no handler");
  static constexpr bool ok = has_handler;
};
template <std::size_t place_in_views, bool has_handler>
struct Shown {
  static_assert(has_handler, "a [[view]] of plugin.toml (see place_in_views) has no view<\"name\", ...>()");
  static constexpr bool ok = has_handler;
};

template <typename Rule>
Rule make_rule(std::string_view config) {
  if constexpr (requires { typename Rule::Config; }) {
    static_assert(
        requires(typename Rule::Config & c, SettingsReader & is) { c.settings(is); },
        "Config says its settings: void settings(auto& is) { is(\"name\", name); }");
    return Rule{read_settings<typename Rule::Config>(config)};
  } else {
    SettingsReader(config).end();
    return Rule{};
  }
}

/// Run `what`; exceptions become a status, and their text goes to the host.
template <typename What>
iro_status guarded(const Services& services, iro_call* call, What what) noexcept {
  const auto tell = [&](const char* why) {
    if (services.fault != nullptr) services.fault->tell(call, text_of(std::string_view(why).substr(0, IRO_NOTE_BYTES)));
  };
  try {
    what();
    return IRO_OK;
  } catch (const Failed& failed) {
    tell(failed.what());
    return failed.status();
  } catch (const std::exception& exception) {
    tell(exception.what());
  } catch (...) {
    tell("something was thrown that is no std::exception");
  }
  return IRO_FAILED;
}

/// The C functions of one plugin, made from its handlers.
template <typename Manifest, typename Rule, typename Slots, typename Alarms, typename Views, auto selftest>
struct Border;
template <typename Manifest, typename Rule, typename... Slots, typename... Alarms, typename... Views, auto selftest>
struct Border<Manifest, Rule, List<Slots...>, List<Alarms...>, List<Views...>, selftest> {
  struct Instance {
    Services services;
    Rule rule;
  };

  static iro_status create(const iro_host* host, iro_text config, void** self) noexcept {
    const Services services(*host);
    return guarded(services, nullptr, [&] {
      // NOLINTNEXTLINE(bugprone-unhandled-exception-at-new): `guarded` catches what is thrown here
      auto instance = std::unique_ptr<Instance>(new Instance{services, make_rule<Rule>(view_of(config))});
      *self = instance.release();
    });
  }
  static void destroy(void* self) noexcept { std::unique_ptr<Instance>(static_cast<Instance*>(self)).reset(); }

  static iro_status on_event(void* self, const iro_event* raw, iro_call* call) noexcept {
    const auto& instance = *static_cast<const Instance*>(self);
    return guarded(instance.services, call, [&] {
      Effects effects(instance.services, call, time_of(raw->now_ms), view_of(raw->person));
      bool handled = raw->kind == IRO_ERASED;
      if (raw->kind == IRO_EVENT) {
        const std::string_view type = view_of(raw->type);
        (void)type;
        ((Slots::is_event && Slots::type() == type ? (Slots::handle(instance.rule, *raw, effects), handled = true)
                                                   : true),
         ...);
        if (!handled) throw Failed(IRO_INVALID, "no handler for " + std::string(type));
      } else if (raw->kind == IRO_TIMER) {
        handled = (Alarms::handle(instance.rule, *raw, effects) || ...);
        if (!handled) throw Failed(IRO_INVALID, "no handler for this alarm");
      } else if (raw->kind == IRO_ERASED) {
        ((Slots::is_erased ? Slots::handle(instance.rule, *raw, effects) : void()), ...);
      } else {
        throw Failed(IRO_INVALID, "a kind of event that is not known here");
      }
    });
  }

  static iro_status show(void* self, iro_call* call, iro_text name, iro_text args, std::int64_t now_ms,
                         void (*answer)(void*, iro_text), void* context) noexcept {
    const auto& instance = *static_cast<const Instance*>(self);
    return guarded(instance.services, call, [&] {
      const View view(instance.services, call, time_of(now_ms), view_of(args));
      std::string json;
      const bool found =
          ((Views::view_name() == view_of(name) ? (json = Views::show(instance.rule, view), true) : false) || ...);
      if (!found) throw Failed(IRO_INVALID, "no view of that name");
      answer(context, text_of(json));
    });
  }

  static iro_status run_selftest(void (*report)(void*, iro_text, std::int32_t), void* context) noexcept {
    return guarded(Services(), nullptr, [&] {
      if constexpr (!std::is_same_v<decltype(selftest), std::nullptr_t>) {
        selftest(SelfTest(report, context));
      } else {
        (void)report;
        (void)context;
      }
    });
  }

  static constexpr iro_rule rule_table{sizeof(iro_rule), 0, create, destroy, on_event};
  static constexpr iro_views views_table{sizeof(iro_views), 0, show};
  static constexpr iro_selftest selftest_table{sizeof(iro_selftest), 0, run_selftest};

  // Without a manifest (a test's own rule), what the handlers say is what is declared.
  static constexpr std::size_t count(bool judging) {
    return (std::size_t{0} + ... + std::size_t{Slots::is_event && Slots::judges == judging});
  }
  template <bool judging>
  static constexpr auto types_of_slots() {
    std::array<std::string_view, count(judging)> out{};
    std::size_t at = 0;
    ((Slots::is_event && Slots::judges == judging ? (out[at++] = Slots::type(), 0) : 0), ...);
    (void)at;
    return out;
  }
  static constexpr auto own_judges = types_of_slots<true>();
  static constexpr auto own_reacts = types_of_slots<false>();
  static constexpr auto said_judges = [] {
    if constexpr (Manifest::there) {
      return as_texts(Manifest::judges);
    } else {
      return as_texts(own_judges);
    }
  }();
  static constexpr auto said_reacts = [] {
    if constexpr (Manifest::there) {
      return as_texts(Manifest::reacts);
    } else {
      return as_texts(own_reacts);
    }
  }();
  static constexpr auto said_emits = as_texts(Manifest::emits);
  static constexpr Declared declared{
      sizeof(Declared),   Manifest::there ? 1U : 0U, {Manifest::defaults.data(), Manifest::defaults.size()},
      said_judges.data(), said_judges.size(),        said_reacts.data(),
      said_reacts.size(), said_emits.data(),         said_emits.size()};

  static const void* query(const char* id) noexcept {
    const std::string_view wanted(id);
    if (wanted == IRO_RULE_1) return &rule_table;
    if (wanted == IRO_VIEWS_1 && sizeof...(Views) > 0) return &views_table;
    if (wanted == IRO_SELFTEST_1 && !std::is_same_v<decltype(selftest), std::nullptr_t>) return &selftest_table;
    if (wanted == IRO_SDK_DECLARED_1) return &declared;
    return nullptr;
  }

  // ---- what must not compile

  static constexpr bool one_judge_a_type() {
    for (std::size_t i = 0; i < own_judges.size(); ++i) {
      for (std::size_t j = i + 1; j < own_judges.size(); ++j) {
        if (own_judges[i] == own_judges[j]) return false;
      }
    }
    return true;
  }
  static_assert(one_judge_a_type(), "two handlers judge the same event type");
  static_assert(sizeof...(Slots) + sizeof...(Alarms) > 0, "a plugin has at least one handler: .on<&Rule::name>()");

  static constexpr bool has(std::string_view type, bool judging) {
    return ((Slots::is_event && Slots::type() == type && (Slots::judges || !judging)) || ...);
  }
  static constexpr bool has_view(std::string_view name) { return ((Views::view_name() == name) || ...); }
  template <std::size_t... J, std::size_t... R, std::size_t... V>
  static consteval bool same_as_manifest(std::index_sequence<J...>, std::index_sequence<R...>,
                                         std::index_sequence<V...>) {
    return (Judged<J, has(Manifest::judges[J], true)>::ok && ...) &&
           (Reacted<R, has(Manifest::reacts[R], false)>::ok && ...) &&
           (Shown<V, has_view(Manifest::views[V])>::ok && ...) && (Listed<Manifest, Slots>::ok && ...);
  }
  static consteval bool check() {
    if constexpr (Manifest::there) {
      static_assert(Manifest::abi_major == IRO_ABI_MAJOR && Manifest::abi_minor == IRO_ABI_MINOR,
                    "`abi` in plugin.toml is not that of the SDK that this is compiled with (iro/plugin.h)");
      static_assert((lists(Manifest::views, Views::view_name()) && ...),
                    "a view<> does not stand under [[view]] in plugin.toml");
      return same_as_manifest(std::make_index_sequence<Manifest::judges.size()>(),
                              std::make_index_sequence<Manifest::reacts.size()>(),
                              std::make_index_sequence<Manifest::views.size()>());
    } else {
      return true;
    }
  }
};

}  // namespace detail

/// The handlers of a rule, collected. A value without content: everything is in its type.
template <typename Rule, typename Slots = detail::List<>, typename Alarms = detail::List<>,
          typename Views = detail::List<>, auto selftest_function = nullptr>
struct Plugin {
  /// A handler for an event type, or for erased events.
  template <auto handler>
  consteval auto on() const {
    detail::check_handler<handler>();
    return Plugin<Rule, typename Slots::template with<detail::Slot<handler>>, Alarms, Views, selftest_function>{};
  }
  /// A part that keeps itself up to date from events: .with<&Rule::directory>().
  template <auto part>
  consteval auto with() const {
    return add<part>(typename std::remove_cvref_t<decltype(std::declval<const Rule&>().*part)>::Handles{});
  }
  /// What to do when an alarm rings: .alarm<&Rule::reminder, &Rule::remind>().
  template <auto alarm_member, auto handler>
  consteval auto alarm() const {
    detail::check_handler<handler>();
    return Plugin<Rule, Slots, typename Alarms::template with<detail::AlarmSlot<alarm_member, handler>>, Views,
                  selftest_function>{};
  }
  /// A [[view]] of plugin.toml: std::string name(const iro::View&) const gives its JSON.
  template <detail::Literal name, auto handler>
  consteval auto view() const {
    return Plugin<Rule, Slots, Alarms, typename Views::template with<detail::ViewSlot<name, handler>>,
                  selftest_function>{};
  }
  /// The plugin's own test: void name(const iro::SelfTest&), run by `iro-plugin check`.
  template <auto function>
  consteval auto selftest() const {
    return Plugin<Rule, Slots, Alarms, Views, function>{};
  }

  template <typename Manifest = detail::NoManifest>
  consteval iro_entry entry(const char* id, const char* version) const {
    using Border = detail::Border<Manifest, Rule, Slots, Alarms, Views, selftest_function>;
    static_assert(Border::check());
    return {sizeof(iro_entry), IRO_ABI_MAJOR, IRO_ABI_MINOR, id, version, Border::query};
  }

 private:
  template <auto part, typename... Tables>
  consteval auto add(detail::List<Tables...>) const {
    using More = typename detail::Join<Slots, detail::List<detail::PartSlot<part, Tables>...>>::type;
    return Plugin<Rule, More, Alarms, Views, selftest_function>{};
  }
};

/// Begin here: iro::plugin<Rule>().on<&Rule::requested>()
template <typename Rule>
consteval Plugin<Rule> plugin() {
  return {};
}

}  // namespace sdk
}  // namespace iro

// What iro_add_plugin made of plugin.toml: id, version, event types, settings, views.
#ifdef IRO_PLUGIN_MANIFEST
#include IRO_PLUGIN_MANIFEST
#endif

/// The one exported symbol, for the handlers that are given: IRO_PLUGIN(iro::plugin<Rule>().on<&Rule::name>())
#define IRO_PLUGIN(...)                                   \
  extern "C" IRO_EXPORT const iro_entry iro_plugin_entry; \
  constinit const iro_entry iro_plugin_entry =            \
      (__VA_ARGS__).template entry<iro_plugin_manifest>(iro_plugin_manifest::id, iro_plugin_manifest::version);
