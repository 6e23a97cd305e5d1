import { copiesPrograms, type Started } from './_started-words.ts'

/**
 * Alpine itself, and the official images upon it that bring no bash. Those whose own entry point or tools need it have
 * it: PostgreSQL, RabbitMQ, WordPress, Composer, Maven, Eclipse Temurin.
 */
const WITHOUT_IT =
  /^(?:alpine(?::|$)|(?:python|node|nginx|ruby|golang|php|openjdk|elixir|erlang|rust|redis|memcached|caddy):\S*alpine)/

/** Official images of Alpine that bring no bash, where no step of the build may install it. */
export function lacksBash(container: Started, steps: readonly string[]): boolean {
  const base = container.reference
  if (base === null || !WITHOUT_IT.test(base)) return false
  if (container.service !== null && container.service.build !== null && container.image === null) return false
  return (
    !steps.some(step => /\bbash\b|apk\b[^&;]*\$|\.sh\b/.test(withoutModes(step)) || mayNeedBash(step)) &&
    !bringsBash(steps) &&
    !steps.some(addsRepository) &&
    !copiesPrograms(container)
  )
}

/** A step without what makes a script executable or rewrites its line ends, and runs nothing. */
function withoutModes(step: string): string {
  return step.replace(/(?:^|&&|\|\||[;\n])\s*(?:chmod|chown|dos2unix|sed)\b[^&|;\n]*/g, ' ')
}

/** A repository beside those of Alpine, of whose packages nobody here knows what they bring. */
function addsRepository(step: string): boolean {
  const hosts = [ADDED_LINE, ADDED_OPTION].flatMap(pattern => [...step.matchAll(pattern)])
  return hosts.some(([, host = '']) => !OF_ALPINE.test(host))
}

const ADDED_LINE =
  /https?:\/\/([\w.-]+)[^&;]*?(?:>>?\s*|\btee\s+(?:-a\s+|--append\s+)?)\/etc\/apk\/repositories\b/g
const ADDED_OPTION = /\bapk\b[^&;]*?\s(?:--repository|-X)[\s=]+["']?https?:\/\/([\w.-]+)/g

/** Hosts of Alpine's own packages, and those that have them too. */
const OF_ALPINE = /(?:^|\.)alpinelinux\.org$|mirror|^(?:ftp|dl-\w+|repo)\./

/** Packages of Alpine that depend on bash. */
const NEED_BASH =
  /\bapk\b[^&;]*\sadd\b[^&;]*\s(libtool|bash-completion|bats|wireguard-tools|neofetch|pass)(?=[\s;&<>=~]|$)/

/** True where a package is installed that depends on bash, and none of the steps takes it away again. */
function bringsBash(steps: readonly string[]): boolean {
  const removed = steps.flatMap(step =>
    [...step.matchAll(/\bapk\b[^&;]*\sdel\b([^&;]*)/g)].flatMap(([, names = '']) => names.split(/\s+/)),
  )
  return steps.some(step => {
    const found = NEED_BASH.exec(step)
    if (found === null) return false
    const [, virtual] = /(?:--virtual|-t)[=\s]+(\S+)/.exec(found[0]) ?? []
    return ![found[1], virtual].some(name => name !== undefined && removed.includes(name))
  })
}

/** Files of development of which nobody here knows what they need: those of glib and libtool need bash. */
function mayNeedBash(step: string): boolean {
  return [...step.matchAll(/[\w.+-]+-dev\b/g)].some(([name]) => !WITHOUT_BASH.has(name))
}

const WITHOUT_BASH: ReadonlySet<string> = new Set(
  'musl-dev libc-dev libffi-dev openssl-dev zlib-dev jpeg-dev libjpeg-turbo-dev postgresql-dev mariadb-dev mariadb-connector-c-dev python-dev python2-dev python3-dev freetype-dev libpq-dev libxml2-dev libxslt-dev'.split(
    ' ',
  ),
)
