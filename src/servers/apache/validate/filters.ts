import type { ApacheWord } from '../../../../parsers/apache/syntax.ts'
import {
  argument,
  type Check,
  type Fault,
  invalid,
  mayNeverMeet,
  mayBeLoaded,
  textAfterWords,
  type Walk,
} from './check.ts'
import { expressionFault } from './expression.ts'

/** Output filters by lower-case name, with the module that registers them. */
const FILTERS: ReadonlyMap<string, string> = new Map([
  ...'byterange content_length http_header chunk http_outerror'
    .split(' ')
    .map(name => [name, 'http_module'] as const),
  ...'old_write subreq_core core'.split(' ').map(name => [name, 'core_module'] as const),
  ['deflate', 'deflate_module'],
  ['inflate', 'deflate_module'],
  ['includes', 'include_module'],
  ['substitute', 'substitute_module'],
  ['brotli_compress', 'brotli_module'],
  ['rate_limit', 'ratelimit_module'],
  ['buffer', 'buffer_module'],
  ['sed', 'sed_module'],
  ['xlateout', 'charset_lite_module'],
  ['xml2enc', 'xml2enc_module'],
  ['proxy-html', 'proxy_html_module'],
  ['data', 'data_module'],
  ['fixup_headers_out', 'headers_module'],
  ['fixup_headers_err', 'headers_module'],
  ['mod_expires', 'expires_module'],
  ...'cache_save cache_save_subreq cache_out cache_out_subreq cache_remove_url cache_invalidate'
    .split(' ')
    .map(name => [name, 'cache_module'] as const),
  ['reqtimeout', 'reqtimeout_module'],
])

/** `AddOutputFilterByType`: filters that have to be registered, and media types. */
export const checkFilterByType: Check = (directive, _scope, walk) => {
  const [first] = directive.args
  if (first === undefined || directive.args.length < 2) {
    return {
      code: 'wrong-argument-count',
      message: '`AddOutputFilterByType` takes filters and at least one media type',
      word: first,
    }
  }
  for (const name of first.value.split(';')) {
    const fault = filterFault(name, first, walk)
    if (fault !== null) return fault
  }
  return null
}

export const checkFilterProvider: Check = (directive, _scope, walk) => {
  const fault = filterFault(argument(directive, 1), directive.args[1], walk)
  if (fault !== null) return fault
  const condition = expressionFault(argument(directive, 2), 'boolean', walk.names)
  if (condition !== null) {
    return {
      code: 'invalid-expression',
      message: `the condition is no expression: ${condition}`,
      word: directive.args[2],
    }
  }
  return null
}

/** `LuaOutputFilter` and `ExtFilterDefine` register a filter at once; `FilterDeclare` does not. */
export const defineFilter: Check = (directive, _scope, walk) => {
  walk.defined.set(`filter ${argument(directive, 0).toLowerCase()}`, directive)
  return null
}

/** `ExtFilterDefine name cmd=…`; the value of `cmd` may be quoted. */
export const checkExternalFilter: Check = (directive, scope, walk) => {
  const rest = textAfterWords(directive, 1)
  const pattern =
    /\s*(?:(cmd)=(?:"[^"]*"?|\S*)|(mode|ftype|disableenv|enableenv|intype|outtype)=(\S*)|(preservescontentlength)(?=\s|$)|(\S+))/giy
  for (let found = pattern.exec(rest); found !== null; found = pattern.exec(rest)) {
    const unknown = found[5]
    const mode = found[2]?.toLowerCase() === 'mode' ? found[3] : undefined
    if (unknown !== undefined || (mode !== undefined && !/^(?:input|output)$/i.test(mode))) {
      return invalid(`\`ExtFilterDefine\` takes no \`${unknown ?? `mode=${mode}`}\``, directive.args[1])
    }
  }
  const key = `ext filter ${argument(directive, 0).toLowerCase()}`
  const earlier = walk.defined.get(key)
  if (earlier !== undefined && !mayNeverMeet(walk.unit, earlier, directive)) {
    return {
      code: 'duplicate-definition',
      message: `the filter \`${argument(directive, 0)}\` is defined twice`,
      word: directive.args[0],
    }
  }
  walk.defined.set(key, directive)
  return defineFilter(directive, scope, walk)
}

/** A smart filter, which only directives of mod_filter may name. */
export const declareFilter: Check = (directive, _scope, walk) => {
  walk.defined.set(`smart filter ${argument(directive, 0).toLowerCase()}`, directive)
  return null
}

export const checkFilterTrace: Check = (directive, _scope, walk) => {
  const name = argument(directive, 0)
  if (walk.unit.fragments || walk.defined.has(`smart filter ${name.toLowerCase()}`)) return null
  return {
    code: 'undefined-name',
    message: `no smart filter \`${name}\` is declared above`,
    word: directive.args[0],
  }
}

function filterFault(name: string, word: ApacheWord | undefined, walk: Walk): Fault | null {
  const lower = name.toLowerCase()
  if (walk.names.open || walk.defined.has(`filter ${lower}`)) return null
  const module = FILTERS.get(lower)
  if (module === undefined)
    return { code: 'unknown-provider', message: `no filter \`${name}\` is registered`, word }
  if (mayBeLoaded(walk.unit, module)) return null
  return {
    code: 'unknown-provider',
    message: `the filter \`${name}\` needs \`${module}\`, which is not loaded`,
    word,
    help: `load \`${module}\``,
  }
}
