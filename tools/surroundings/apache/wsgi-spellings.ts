import type { Lay } from '../files.ts'
import { type Entry, is, line, ofBodies, ofEntries, words } from './trees.ts'

/** Each option of `WSGIDaemonProcess` on a line of its own. */
const optionLines = ofEntries(entry => {
  const [name = '', ...options] = is(entry, 'WSGIDaemonProcess') ? words(entry.rest) : []
  if (options.length < 2 || entry.text.includes('\\\n')) return [entry]
  const separator = ` \\\n${entry.indent}    `
  return [line(entry.indent, entry.name, [name, ...options].join(separator))]
})

/** The options of `WSGIScriptAlias` as lines of the server, where one script is there. */
const groupLines = ofBodies(body => {
  const aliases = body.filter(entry => is(entry, 'WSGIScriptAlias'))
  const hasLines = body.some(entry => is(entry, 'WSGIProcessGroup', 'WSGIApplicationGroup'))
  const [alias] = aliases
  if (alias === undefined || aliases.length > 1 || hasLines || alias.text.includes('\\\n')) return body
  return body.flatMap(entry => (entry === alias ? withGroupLines(alias) : [entry]))
})

function withGroupLines(alias: Entry): readonly Entry[] {
  const [path = '', script = '', ...options] = words(alias.rest)
  const lines = options.map(option => {
    const [, name, value = ''] = /^(process-group|application-group)=(\S+)$/.exec(option) ?? []
    return name === undefined
      ? null
      : line(alias.indent, name === 'process-group' ? 'WSGIProcessGroup' : 'WSGIApplicationGroup', value)
  })
  if (lines.length === 0 || lines.includes(null)) return [alias]
  return [...lines.filter(each => each !== null), line(alias.indent, 'WSGIScriptAlias', `${path} ${script}`)]
}

/** The lines of a server as options of its one `WSGIScriptAlias`. */
const groupOptions = ofBodies(body => {
  const aliases = body.filter(entry => is(entry, 'WSGIScriptAlias'))
  const groups = body.filter(entry => is(entry, 'WSGIProcessGroup', 'WSGIApplicationGroup'))
  const [alias] = aliases
  if (alias === undefined || aliases.length > 1 || !groups.some(entry => is(entry, 'WSGIProcessGroup')))
    return body
  if (
    /group=/.test(alias.rest) ||
    body.some(({ name }) => /^WSGIScriptAliasMatch$|^<(?:Location|Files)/.test(name))
  )
    return body
  const options = groups.map(
    ({ name, rest }) => `${name === 'WSGIProcessGroup' ? 'process-group' : 'application-group'}=${rest}`,
  )
  return body.flatMap(entry => {
    if (groups.includes(entry)) return []
    return [entry === alias ? line(entry.indent, entry.name, [alias.rest, ...options].join(' ')) : entry]
  })
})

/** Options in quotes. */
const quotedOptions = ofEntries(entry => {
  const given = is(entry, 'WSGIDaemonProcess') ? words(entry.rest) : []
  if (given.length < 2 || entry.text.includes('"') || entry.text.includes('\\\n')) return [entry]
  return [
    line(entry.indent, entry.name, given.map(word => word.replace(/^([\w-]+)=(.*)$/, '$1="$2"')).join(' ')),
  ]
})

/** Directives of mod_wsgi. */
export const apacheWsgi: Readonly<Record<string, Lay>> = {
  apacheWsgiOptionLines: optionLines,
  apacheWsgiGroupLines: groupLines,
  apacheWsgiGroupOptions: groupOptions,
  apacheWsgiQuotedOptions: quotedOptions,
}
