import { memo } from '../../../parsers/collections/memo.ts'
import type { NginxDirectiveNode, NginxWord } from '../../../parsers/nginx/syntax.ts'

/** Of these, a dollar in front of a brace may be the end of a line in an expression, or is no variable at all. */
const WITH_EXPRESSIONS: ReadonlySet<string> = new Set(['location', 'if', 'server_name', 'include', 'listen'])
/** The first argument is an expression, or names what is defined. */
const FIRST_APART: ReadonlySet<string> = new Set(['rewrite', 'set', 'auth_request_set'])

const BRACED = /\$\{([a-z_][a-z0-9_]*)\}(?![A-Za-z0-9_])/g

/** The arguments of a directive with `${host}` as `$host`, which nginx reads alike: questions know one spelling. */
export const plainArguments = memo(({ name, args }: NginxDirectiveNode): readonly NginxWord[] => {
  if (WITH_EXPRESSIONS.has(name.value) || !args.some(isBraced)) return args
  const first = FIRST_APART.has(name.value) ? 1 : 0
  return args.map((word, index) =>
    index < first || !isBraced(word) ? word : { ...word, value: word.value.replace(BRACED, '$$$1') },
  )
})

function isBraced({ value }: NginxWord): boolean {
  return value.includes('${')
}
