import type { Place, Source } from '../../parsers/text/source.ts'
import { closingBracket } from '../../parsers/python/closing-bracket.ts'
import { importedAnywhere } from '../../src/deployment/django/imported-names.ts'
import type { AppServerProgram, Deployment } from '../../src/deployment/model.ts'
import { sourceAt } from '../../src/files/file-system.ts'
import { loadedBy, loadedFiles } from './_loaded-files.ts'
import { calledAtImport, codeOfModule, runsAtImport } from './_python-at-import.ts'

/** A script of Node.js that loads the server of Socket.IO. */
export const REQUIRES_SOCKET_IO = /\brequire\(\s*(['"])socket\.io\1\s*\)|\bfrom\s*(['"])socket\.io\2/

/** The server of Socket.IO that a module in Python makes. */
export interface SocketIoOfPython {
  /** The call that makes it. */
  readonly at: Place
  /** The module that is started. */
  readonly module: Source
}

interface Call {
  readonly source: Source
  readonly start: number
  readonly end: number
  readonly callee: string
  /** The name that the line gives it. */
  readonly name: string | null
  readonly args: string
}

/** What takes a server that was made before: the `init_app` of Flask-SocketIO, the applications of python-socketio. */
const TAKES = /\b(?:(\w+)\.init_app|(?:socketio\.)?(?:ASGIApp|WSGIApp|Middleware|WSGIMiddleware))\(/g
const MAKES =
  /(?:\b(\w+)[ \t]*(?::[ \t]*[\w.]+[ \t]*)?=[ \t]*)?\b((?:flask_socketio\.)?SocketIO|socketio\.(?:Async)?Server|(?:fastapi_socketio\.)?SocketManager|AsyncServer)\(/g
const LIBRARY = /^[ \t]*(?:from|import)[ \t]+(?:flask_socketio|socketio|fastapi_socketio)\b/m

/**
 * The server of Socket.IO that a program makes whenever it is started, with an application to answer requests of HTTP
 * for; null also where a line says its transports, which may be the WebSocket alone.
 */
export function socketIoOfPython(deployment: Deployment, program: AppServerProgram): SocketIoOfPython | null {
  const loaded = deployment.moduleOf(program)
  const read = loadedBy(deployment, program)
  if (loaded === null || read === null || loaded.source === null || loaded.source === 'missing') return null
  const paths = loadedFiles(read.files, read.own, loaded.searchPath ?? [], importedAnywhere)
  const sources = paths.flatMap(path => sourceAt(read.files, path) ?? [])
  // Another file may only use it: the library is asked for once, before anything is read closely.
  if (!sources.some(({ code }) => LIBRARY.test(code))) return null
  const modules = sources.map(source => ({ source, code: codeOfModule(source) }))
  const factory = /^(\w+)\(/.exec(loaded.attribute ?? '')?.[1]
  const called = new Set(modules.flatMap(({ code }) => calledAtImport(code)))
  if (factory !== undefined) called.add(factory)
  const runs = (pattern: RegExp, name: number): readonly Call[] =>
    modules.flatMap(({ source, code }) =>
      [...code.matchAll(pattern)].flatMap((match): readonly Call[] => {
        const { index, 0: whole } = match
        const open = index + whole.length - 1
        const end = closingBracket(code, open)
        if (end === null || !runsAtImport(code, index, called)) return []
        const callee = match[2] ?? whole.slice(0, -1)
        const start = open - callee.length
        return [
          { source, start, end: end + 1, callee, name: match[name] ?? null, args: code.slice(open + 1, end) },
        ]
      }),
    )
  const takers = runs(TAKES, 1)
  for (const { source, start, end, name, callee, args } of runs(MAKES, 1)) {
    const taken = takers.filter(
      taker =>
        name !== null &&
        (taker.name === name || new RegExp(String.raw`(?:^|[,=])\s*(?:\w+\.)*${name}\b`).test(taker.args)),
    )
    const hasApplication =
      /(?:SocketIO|SocketManager)$/.test(callee) && /^\s*(?:app\s*=\s*)?[A-Za-z_][\w.]*\s*(?:,|$)/.test(args)
    if (!hasApplication && taken.length === 0) continue
    if ([args, ...taken.map(taker => taker.args)].some(text => /\btransports\b|\*\*/.test(text))) return null
    return { at: { source, start, end }, module: loaded.source }
  }
  return null
}
