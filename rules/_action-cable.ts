import { posix } from 'node:path'
import { memoByKey } from '../parsers/collections/memo.ts'
import type { Place } from '../parsers/text/source.ts'
import type { Connection } from '../src/deployment/model.ts'
import { type FileSystem, filesBelow, sourceAt } from '../src/files/file-system.ts'
import { railsHomes } from './_rails-homes.ts'

/** Action Cable of an application of Rails: the path at which it takes WebSocket, and what needs it. */
export interface ActionCable {
  readonly path: string
  readonly at: Place
}

/**
 * What of the application behind a connection needs Action Cable, which has no other way than WebSocket; null where
 * nothing is seen to, or another server answers it.
 *
 * @see https://guides.rubyonrails.org/action_cable_overview.html
 */
export function actionCable(connection: Connection): ActionCable | null {
  for (const { files, home } of railsHomes(connection)) {
    const found = cableIn(files, home)
    if (found !== null) return found
  }
  return null
}

/** An address of its own, which pages are told, no path at all, and AnyCable, which takes the WebSocket itself. */
const ELSEWHERE = /\baction_cable\.(?:url\s*=|mount_path\s*=\s*nil)/
const ANOTHER_SERVER = /^\s*gem\s*\(?\s*["']anycable(?:-rails)?["']/m
const MOUNT_PATH = /\baction_cable\.mount_path\s*=\s*["'](\/[^"']*)["']/
const MOUNTED = /^[ \t]*mount[ (]\s*ActionCable\.server\s*(?:=>|,\s*(?:at:|:at\s*=>))\s*["'](\/?[^"']*)["']/m
const CHANNEL = /^[ \t]*class\s+[\w:]+\s*<\s*ApplicationCable::Channel\b/m
const STREAM = /^(?![ \t]*(?:<%#|-#|\/)).*\bturbo_stream_from\b/m
const REACH = { levels: 6, skipped: /^(?:node_modules|application_cable|\..*)$/ }

const cableIn = memoByKey((files: FileSystem, home: string): ActionCable | null => {
  const codeOf = (name: string): string =>
    (sourceAt(files, posix.join(home, name))?.code ?? '').replace(/^[ \t]*#[^\n]*/gm, '')
  const settings = ['config/application.rb', 'config/environments/production.rb'].map(codeOf).join('\n')
  if (ELSEWHERE.test(settings) || ANOTHER_SERVER.test(codeOf('Gemfile'))) return null
  const [, mountPath = '/cable'] = MOUNT_PATH.exec(settings) ?? []
  const routes = placeIn(files, posix.join(home, 'config/routes.rb'), MOUNTED)
  if (routes !== null) return { path: posix.join('/', routes.match[1] ?? ''), at: routes.at }
  const at =
    firstBelow(files, posix.join(home, 'app/channels'), /\.rb$/, CHANNEL) ??
    firstBelow(files, posix.join(home, 'app/views'), /\.(?:erb|haml|slim)$/, STREAM)
  return at === null ? null : { path: mountPath, at }
})

function firstBelow(files: FileSystem, directory: string, name: RegExp, pattern: RegExp): Place | null {
  for (const path of filesBelow(files, directory, REACH)) {
    const found = name.test(path) ? placeIn(files, path, pattern) : null
    if (found !== null) return found.at
  }
  return null
}

function placeIn(files: FileSystem, path: string, pattern: RegExp) {
  const source = sourceAt(files, path)
  // In `code` the tags of a view are blank.
  const match = source === null ? null : pattern.exec(source.text)
  if (source === null || match === null) return null
  const start = match.index + match[0].search(/\S/)
  return { match, at: { source, start, end: match.index + match[0].length } }
}
