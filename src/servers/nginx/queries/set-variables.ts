import { type Fact, unknown } from '../../fact.ts'
import type { NginxDirective } from '../configuration.ts'
import { interpolate, type Variables } from './interpolate.ts'
import { childrenNamed } from './scope.ts'
import { enclosingServer } from './servers.ts'

/**
 * The variables that every request has got by `set` when a block answers it: by the one `set` of its location, else by
 * the one of the server where no other location gives the variable a value, since a rewrite may lead from one to the
 * other. Unknown for any other, among them those that a condition sets.
 *
 * @param block a location, or an `if` or `limit_except` in one
 * @see https://nginx.org/en/docs/http/ngx_http_rewrite_module.html
 */
export function setVariables(block: NginxDirective): Variables {
  const asked = new Set<string>()
  const variables: Variables = name => {
    // `set $a $a;` leads nowhere.
    if (asked.has(name)) return NOT_SET
    asked.add(name)
    const value = valueFor(block, name)
    const made = value === null ? NOT_SET : interpolate(value, variables)
    asked.delete(name)
    return made
  }
  return variables
}

const NOT_SET: Fact<string> = unknown('no `set` surely makes the variable')

function valueFor(block: NginxDirective, name: string): string | null {
  const location = block.name === 'location' ? block : block.parent
  if (location?.name !== 'location') return null
  if (block !== location && setsAnywhere(block, name)) return null
  if (setsAnywhere(location, name)) return oneValue(location, name)
  const server = enclosingServer(location)
  if (server === null) return null
  return server.children.some(child => child.name !== 'set' && setsAnywhere(child, name))
    ? null
    : oneValue(server, name)
}

/** Of the one `set` of a block itself, where nothing before it ends the rewriting. */
function oneValue(block: NginxDirective, name: string): string | null {
  const [line, ...others] = childrenNamed(block, 'set').filter(each => nameOf(each) === name)
  if (line === undefined || others.length > 0) return null
  if (block.children.some(child => child.name === 'if' && setsAnywhere(child, name))) return null
  for (const child of block.children) {
    if (child === line) return line.args[1]?.value ?? null
    if (mayBreak(child)) return null
  }
  return null
}

function mayBreak({ name, args, children }: NginxDirective): boolean {
  if (name === 'break' || (name === 'rewrite' && args[2]?.value === 'break')) return true
  return name === 'if' && children.some(mayBreak)
}

function setsAnywhere(block: NginxDirective, name: string): boolean {
  return (
    (block.name === 'set' && nameOf(block) === name) ||
    block.children.some(child => setsAnywhere(child, name))
  )
}

function nameOf({ args }: NginxDirective): string {
  return (args[0]?.value ?? '').slice(1).toLowerCase()
}
