/** The methods that httpd 2.4 registers by itself; names are case-sensitive. */
const REGISTERED = new Set(
  (
    'GET HEAD PUT POST DELETE CONNECT OPTIONS TRACE PATCH PROPFIND PROPPATCH MKCOL COPY MOVE LOCK UNLOCK ' +
    'VERSION-CONTROL CHECKOUT UNCHECKOUT CHECKIN UPDATE LABEL REPORT MKWORKSPACE MKACTIVITY ' +
    'BASELINE-CONTROL MERGE'
  ).split(' '),
)

export function isRegisteredMethod(name: string): boolean {
  return REGISTERED.has(name)
}

/** A set of methods: the named ones, or all but them. */
export interface MethodSet {
  readonly names: ReadonlySet<string>
  readonly except: boolean
}

/** httpd treats `HEAD` as `GET`. */
export function methodsOf(names: readonly string[], except: boolean): MethodSet {
  return { names: new Set(names.map(name => (name === 'HEAD' ? 'GET' : name))), except }
}

export function intersect(a: MethodSet, b: MethodSet): MethodSet {
  if (a.except && b.except) return { names: new Set([...a.names, ...b.names]), except: true }
  const listed = a.except ? b : a
  const other = a.except ? a : b
  return { names: new Set([...listed.names].filter(name => has(other, name))), except: false }
}

export function isEmpty(set: MethodSet): boolean {
  return !set.except && set.names.size === 0
}

/** True where every method of `a` is in `b`. */
export function isSubset(a: MethodSet, b: MethodSet): boolean {
  if (a.except) return b.except && [...b.names].every(name => a.names.has(name))
  return [...a.names].every(name => has(b, name))
}

function has(set: MethodSet, name: string): boolean {
  return set.names.has(name) !== set.except
}
