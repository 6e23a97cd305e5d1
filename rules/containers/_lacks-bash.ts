import { copiesPrograms, type Started } from './_started-words.ts'

/** Official images of Alpine that bring no bash, where no step of the build may install it. */
export function lacksBash(container: Started, steps: readonly string[]): boolean {
  const base = container.reference
  if (base === null || !/^(?:alpine(?::|$)|(?:python|node|nginx):\S*alpine)/.test(base)) return false
  if (container.service !== null && container.service.build !== null && container.image === null) return false
  return (
    !steps.some(step => /\bbash\b|apk\b[^&;]*\$|\.sh\b/.test(withoutModes(step)) || mayNeedBash(step)) &&
    !copiesPrograms(container)
  )
}

/** A step without what makes a script executable or rewrites its line ends, and runs nothing. */
function withoutModes(step: string): string {
  return step.replace(/(?:^|&&|\|\||[;\n])\s*(?:chmod|chown|dos2unix|sed)\b[^&|;\n]*/g, ' ')
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
