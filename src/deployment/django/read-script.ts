import type {
  PythonAssignment,
  PythonCall,
  PythonDefinition,
  PythonExpression,
  PythonParser,
  PythonStatement,
} from '../../../parsers/python/python-module.ts'
import type { Place, Source } from '../../../parsers/text/source.ts'
import { evaluateExpression } from './evaluate-expression.ts'
import { type Fact, known, unknown } from '../../servers/fact.ts'
import { madeInFactory } from './made-in-factory.ts'
import type { ProxyFix, SettingValue, WsgiScript } from './settings.ts'

const VARIABLE = 'DJANGO_SETTINGS_MODULE'
/** Whatever changes where Python looks for modules. */
const PATH = /\bsys\s*\.\s*path\b|\bfrom\s+sys\b|\baddsitedir\b|\bexec(?:file)?\b|\bactivate_this\b/g

/** What a WSGI script says of its settings module, its search path and its own names. */
export function readScript(parser: PythonParser, source: Source): WsgiScript {
  const module = parser.parse(source)
  const values = new Map<string, SettingValue | undefined>()
  const bound = new Map<string, Place>()
  const made = new Map<string, string>()
  let proxyFix: ProxyFix | null = null
  const config = new Map<string, Fact<SettingValue>>()
  const packages = new Map<string, Place>()
  /** What is imported as a module of a package: `shop.settings` of `from shop import settings`. */
  const modules = new Map<string, string>()
  const path: string[] = []
  const demanded = new Set<string>()
  const imported = new Set<string>()
  let followed = 0
  let open = module.broken
  let settingsModule: WsgiScript['settingsModule'] = null
  const setMadeBy = ({ name, conditional, start, end }: PythonDefinition) => {
    const inside = conditional ? null : madeInFactory(source.code.slice(start, end))
    if (inside === null) made.delete(`${name}()`)
    else made.set(`${name}()`, inside)
  }
  const evaluate = (expression: PythonExpression | undefined) =>
    expression === undefined
      ? undefined
      : evaluateExpression(expression, { lookup: name => values.get(name), file: source.path })
  const name = (
    expression: PythonExpression | undefined,
    how: 'assigned' | 'setdefault',
    statement: PythonStatement,
  ) => {
    const value = evaluate(expression)
    const { start, end } = expression ?? statement
    settingsModule = typeof value === 'string' ? { name: value, how, at: { source, start, end } } : null
  }
  const setOfFlask = ({ target, value, conditional, appends }: PythonAssignment) => {
    const name = /\bconfig\[(\w+)\]$/.exec(target)?.[1]
    if (name !== undefined) setOne(name, value, !conditional && !appends)
  }
  const setOne = (name: string, value: PythonExpression, isSure: boolean) => {
    const set = isSure ? evaluate(value) : undefined
    const at = { source, start: value.start, end: value.end }
    config.set(name, set === undefined ? unknown('the running program decides', at) : known(set, at))
  }
  /** `app.config.update(NAME=…)` and `app.config.from_mapping({"NAME": …})`. */
  const setSeveral = ({ args: [first], keywords }: PythonCall, conditional: boolean) => {
    const entries = first?.kind === 'dict' ? first.entries : []
    for (const { key, value } of entries) if (key.kind === 'string') setOne(key.value, value, !conditional)
    for (const [name, value] of Object.entries(keywords)) setOne(name, value, !conditional)
  }
  const bind = (name: string, { start, end }: PythonStatement) => {
    if (!bound.has(name)) bound.set(name, { source, start, end })
  }
  for (const statement of module.statements) {
    switch (statement.kind) {
      case 'assignment':
        bind(statement.target, statement)
        if (statement.value.kind === 'call' && /(?:^|\.)ProxyFix$/.test(statement.value.callee))
          proxyFix = statement.conditional ? null : readProxyFix(statement.value, evaluate, source)
        setOfFlask(statement)
        if (statement.value.kind === 'call' && !statement.conditional && !statement.appends)
          made.set(statement.target, statement.value.callee)
        else made.delete(statement.target)
        values.set(
          statement.target,
          statement.conditional || statement.appends ? undefined : evaluate(statement.value),
        )
        if (statement.target === `os.environ[${VARIABLE}]` || statement.target === `environ[${VARIABLE}]`) {
          name(statement.value, 'assigned', statement)
        }
        break
      case 'call': {
        const { callee, args } = statement.call
        if (/(?:^|\.)environ\.setdefault$/.test(callee) && evaluate(args[0]) === VARIABLE) {
          // What is set already stays.
          if (settingsModule === null) name(args[1], 'setdefault', statement)
        } else if (callee === 'sys.path.append' || callee === 'site.addsitedir') {
          const directory = evaluate(args[0])
          if (typeof directory === 'string') {
            path.push(directory)
            followed += 1
          }
        } else if (callee === 'sys.path.insert') {
          const directory = evaluate(args[1])
          if (typeof directory === 'string') {
            path.unshift(directory)
            followed += 1
          }
        } else if (/(?:^|\.)config\.(?:update|from_mapping)$/.test(callee))
          setSeveral(statement.call, statement.conditional)
        else if (/(?:^|\.)execute_manager$/.test(callee) && args[0]?.kind === 'name')
          settingsModule = {
            name: modules.get(args[0].name) ?? args[0].name,
            how: 'assigned',
            at: { source, start: args[0].start, end: args[0].end },
          }
        else if (/^exec(?:file)?$/.test(callee)) open = true
        break
      }
      case 'import': {
        const [first = ''] = statement.module.split('.')
        const { start, end } = statement
        imported.add(statement.module)
        if (first !== '' && !packages.has(first)) packages.set(first, { source, start, end })
        if (first !== '' && !statement.conditional) demanded.add(first)
        if (statement.names === null) bind(first, statement)
        else
          for (const imported of statement.names) {
            bind(imported.as, statement)
            modules.set(imported.as, `${statement.module}.${imported.name}`.replace(/^\.+/, ''))
          }
        if (statement.names?.some(imported => imported.name === '*')) open = true
        break
      }
      case 'definition':
        bind(statement.name, statement)
        made.delete(statement.name)
        setMadeBy(statement)
        break
    }
  }
  return {
    settingsModule,
    path,
    pathIsOpen: open || (source.code.match(PATH)?.length ?? 0) > followed,
    names: new Set(bound.keys()),
    bound,
    made,
    proxyFix,
    config,
    packages,
    demanded,
    imported,
    open,
  }
}

const TRUSTED = ['x_for', 'x_proto', 'x_host', 'x_port', 'x_prefix']

/** The arguments behind the application, by place or by name. */
function readProxyFix(
  { args, keywords }: PythonCall,
  evaluate: (expression: PythonExpression | undefined) => SettingValue | undefined,
  source: Source,
): ProxyFix | null {
  const written = [
    ...args.slice(1).map((value, index) => [TRUSTED[index] ?? '', value, value.start] as const),
    ...Object.entries(keywords).map(
      ([name, value]) => [name, value, keywordStart(source, name, value)] as const,
    ),
  ]
  const found: { name: string; count: number; at: Place }[] = []
  for (const [name, value, start] of written) {
    if (name === 'app') continue
    const count = evaluate(value)
    if (typeof count !== 'number') return null
    found.push({ name, count, at: { source, start, end: value.end } })
  }
  return found
}

/** Where `name=` before a value begins. */
function keywordStart(source: Source, name: string, { start }: PythonExpression): number {
  const before = source.code.slice(0, start)
  const equals = /\s*=\s*$/.exec(before)?.index ?? start
  return before.slice(0, equals).endsWith(name) ? equals - name.length : start
}
