import {
  isNginxRealIpSource,
  isPossibleNginxHost,
  parseNginxAddress,
  parseNginxNetwork,
} from '../../addresses/nginx.ts'
import { isUnknownWord } from '../../../../parsers/text/source.ts'
import { parseNumber, parseSize, parseTime } from './numbers.ts'
import { compile, defineName, defineVariable, useVariable } from './script.ts'
import { type Check, firstOf, isBefore, nameOf, programOf, report } from './unit.ts'
import { compileRegex } from './rewrite.ts'
import { parameter, refuse, refuseParameter, warnOfHostBits } from './values.ts'

/** `root` and `alias` share one place in nginx: one of them, once. */
export const checkRoot: Check = (reading, directive, _facts, level) => {
  const [path] = directive.args
  if (path === undefined) return
  const first = firstOf(level, 'root or alias', directive)
  if (first !== null) {
    const related = [{ at: nameOf(first), message: 'here it stands already' }]
    const message =
      first.name === directive.name
        ? `\`${directive.name}\` stands twice in one block`
        : `\`${directive.name}\` stands beside \`${first.name}\`, which sets the same`
    report(reading, 'duplicate-directive', directive, null, message, { related })
    return
  }
  const { parent } = directive
  if (directive.name === 'alias' && parent?.name === 'location' && parent.args[0]?.value.startsWith('@')) {
    report(
      reading,
      'wrong-context',
      directive,
      null,
      '`alias` is of no use in a named location, and refused there',
    )
    return
  }
  const own = /\$\{?(?:document_root|realpath_root)\b/i.exec(path.value)
  if (own !== null)
    refuse(reading, directive, path, `\`${own[0]}\` is what \`${directive.name}\` itself sets`)
}

export const checkErrorPage: Check = (reading, directive) => {
  const { args } = directive
  const uri = args[args.length - 1]
  const before = args[args.length - 2]
  if (uri === undefined || before === undefined) return
  let codes = args.length - 1
  if (args.length > 2 && before.value.startsWith('=')) {
    codes--
    if (before.value.length > 1 && parseNumber(before.value.slice(1)) === null)
      return void refuse(reading, directive, before, `\`${before.value}\` is no status to answer with`)
  }
  if (!compile(reading, reading.http, directive, uri)) return
  for (const word of args.slice(0, codes)) {
    const status = parseNumber(word.value)
    if (status === null || status === 499 || status < 300 || status > 599)
      return void refuse(
        reading,
        directive,
        word,
        `\`${word.value}\` is no status from 300 to 599 that a page can stand for`,
      )
  }
}

export const checkTryFiles: Check = (reading, directive) => {
  const { args } = directive
  for (let index = 0; index < args.length; index++) {
    const word = args[index]
    if (word === undefined) continue
    if (index === args.length - 1 && word.value.startsWith('=')) {
      const code = parseNumber(word.value.slice(1))
      if (code === null || code > 999)
        refuse(reading, directive, word, `\`${word.value}\` is no status to end with`)
      return
    }
    if (!compile(reading, reading.http, directive, word)) return
  }
}

export const checkIndex: Check = (reading, directive) => {
  for (const word of directive.args)
    if (word.value === '') return void refuse(reading, directive, word, 'an `index` is empty')
}

export const checkHeader: Check = (reading, directive) => {
  const last = directive.args[2]
  if (last !== undefined && last.value !== 'always') refuseParameter(reading, directive, last)
}

export const checkExpires: Check = (reading, directive) => {
  const [first, second] = directive.args
  if (first === undefined) return
  const modified = second !== undefined
  if (modified && first.value !== 'modified') {
    return void refuse(
      reading,
      directive,
      first,
      `\`${first.value}\` is not \`modified\`, which alone may stand here`,
    )
  }
  const word = second ?? first
  const { value } = word
  if (value.includes('$')) return void compile(reading, reading.http, directive, word)
  if (!modified && (value === 'epoch' || value === 'max' || value === 'off')) return
  if (value.startsWith('@')) {
    const time = parseTime(value.slice(1), true)
    if (time === null || time > 24 * 3600 * 1000 || modified)
      refuse(reading, directive, word, `\`${value}\` is no time of the day`)
    return
  }
  if (parseTime(value.replace(/^[+-]/, ''), true) === null)
    refuse(reading, directive, word, `\`${value}\` is no time to expire after`)
}

export const checkKeepaliveTimeout: Check = (reading, directive) => {
  const [timeout, header] = directive.args
  if (timeout !== undefined && parseTime(timeout.value, false) === null)
    refuse(reading, directive, timeout, `\`${timeout.value}\` is no time`)
  else if (header !== undefined && parseTime(header.value, true) === null)
    refuse(reading, directive, header, `\`${header.value}\` is no time in seconds`)
}

const METHODS = new Set(
  'get head post put delete mkcol copy move options propfind proppatch lock unlock patch'.split(' '),
)

export const checkLimitExcept: Check = (reading, directive) => {
  for (const word of directive.args)
    if (!METHODS.has(word.value.toLowerCase()))
      return void refuse(
        reading,
        directive,
        word,
        `\`${word.value}\` is no method that \`limit_except\` knows`,
      )
}

export const checkResolver: Check = (reading, directive) => {
  let servers = 0
  for (const word of directive.args) {
    const valid = parameter(word, 'valid')
    const ipv6 = parameter(word, 'ipv6')
    const ipv4 = parameter(word, 'ipv4')
    if (valid !== null) {
      if (parseTime(valid, true) === null)
        return void refuse(reading, directive, word, `\`${valid}\` is no time in seconds`)
    } else if (ipv6 !== null || (ipv4 !== null && !isBefore(reading, '1.23.1'))) {
      const value = ipv6 ?? ipv4
      if (value !== 'on' && value !== 'off')
        return void refuse(reading, directive, word, `\`${word.value}\` is neither \`on\` nor \`off\``)
    } else if (reading.foreign && /^local=(?:on|off)$/.test(word.value)) {
      // OpenResty takes the servers of `/etc/resolv.conf`.
      servers++
    } else if (!word.value.startsWith('status_zone=')) {
      servers++
      const address = parseNginxAddress(word.value)
      if (typeof address === 'string' || !isPossibleNginxHost(address)) {
        const reason = typeof address === 'string' ? address : 'no name that a host can have'
        const message = `\`${word.value}\` is no address of a resolver: ${reason}`
        return void report(reading, 'invalid-address', directive, word, message)
      }
    }
  }
  if (servers === 0) refuse(reading, directive, directive.node.name, '`resolver` names no server')
}

export const checkRealIpFrom: Check = (reading, directive) => {
  const [word] = directive.args
  if (word === undefined || word.value === 'unix:') return
  if (!isNginxRealIpSource(word.value))
    report(reading, 'invalid-address', directive, word, `\`${word.value}\` is no address or network`)
  else if (parseNginxNetwork(word.value)?.hostBits === true)
    warnOfHostBits(reading, 'invalid-address', directive, word, word.value)
}

/** `gzip_types` and its like, each of which begins with text/html. */
export const checkMediaTypes: Check = (reading, directive) => {
  const known = new Set(['text/html'])
  for (const word of directive.args) {
    const name = word.value.toLowerCase()
    if (isUnknownWord(word.value)) continue
    if (known.has(name))
      report(
        reading,
        'duplicate-media-type',
        directive,
        word,
        name === 'text/html'
          ? `\`${directive.name}\` has \`text/html\` by itself: duplicate MIME type "text/html"`
          : `\`${word.value}\` stands here twice: duplicate MIME type "${word.value}"`,
        { fatal: false },
      )
    known.add(name)
  }
}

export const checkWorkerProcesses: Check = (reading, directive) => {
  const [word] = directive.args
  if (word === undefined || word.value === 'auto' || (parseNumber(word.value) ?? 0) > 0) return
  refuse(reading, directive, word, `\`${word.value}\` is neither \`auto\` nor a number of processes`)
}

export const checkWorkerPriority: Check = (reading, directive) => {
  const [word] = directive.args
  if (word !== undefined && parseNumber(word.value.replace(/^[+-]/, '')) === null)
    refuse(reading, directive, word, `\`${word.value}\` is no priority`)
}

export const checkWorkerAffinity: Check = (reading, directive) => {
  const [first, ...rest] = directive.args
  if (first === undefined) return
  const masks = first.value === 'auto' ? rest : directive.args
  for (const word of masks)
    if (!/^[01]+$/.test(word.value))
      return void refuse(reading, directive, word, `\`${word.value}\` is no mask of zeros and ones`)
}

export const checkWorkerConnections: Check = (reading, directive) => {
  const [word] = directive.args
  if (word !== undefined && parseNumber(word.value) === null)
    refuse(reading, directive, word, `\`${word.value}\` is no number of connections`)
}

const EVENT_METHODS = new Set([
  'epoll',
  'poll',
  'select',
  'kqueue',
  'eventport',
  '/dev/poll',
  'rtsig',
  'iocp',
  'win32',
])

export const checkUse: Check = (reading, directive) => {
  const [word] = directive.args
  if (word !== undefined && !EVENT_METHODS.has(word.value))
    refuse(reading, directive, word, `\`${word.value}\` is no method of waiting for events`)
}

/** `load_module` stands before anything that a module could have had a part in. */
export const checkLoadModule: Check = (reading, directive) => {
  const [file] = directive.args
  if (file === undefined) return
  if (reading.modulesFixed) {
    const message = '`load_module` stands behind a block that the modules had to be known for'
    report(reading, 'wrong-order', directive, null, message)
    return
  }
  if (reading.modules.has(file.value)) {
    report(reading, 'duplicate-directive', directive, file, `the module \`${file.value}\` is loaded already`)
    return
  }
  reading.modules.add(file.value)
}

export const checkAio: Check = (reading, directive) => {
  const [word] = directive.args
  if (word !== undefined && !/^(?:on|off|threads(?:=.+)?|sendfile)$/.test(word.value))
    refuse(reading, directive, word, `\`${word.value}\` is none of \`on\`, \`off\` and \`threads\``)
}

export const checkDirectio: Check = (reading, directive) => {
  const [word] = directive.args
  if (word !== undefined && word.value !== 'off' && parseSize(word.value, true) === null)
    refuse(reading, directive, word, `\`${word.value}\` is neither \`off\` nor a size`)
}

export const checkSymlinks: Check = (reading, directive) => {
  let mode = false
  for (const word of directive.args) {
    const from = parameter(word, 'from')
    if (from !== null) {
      if (!compile(reading, reading.http, directive, word, from)) return
    } else if (word.value === 'off' || word.value === 'on' || word.value === 'if_not_owner') mode = true
    else return void refuseParameter(reading, directive, word)
  }
  if (!mode)
    refuse(
      reading,
      directive,
      directive.node.name,
      '`disable_symlinks` says neither `off`, `on` nor `if_not_owner`',
    )
}

export const checkGzipDisable: Check = (reading, directive) => {
  for (const word of directive.args)
    if (word.value !== 'msie6' && word.value !== 'degradation')
      if (!compileRegex(reading, reading.http, directive, word, word.value)) return
}

export const checkCharset: Check = (reading, directive) => {
  const [word] = directive.args
  // All behind the `$` is the name, whatever characters it has.
  if (word?.value.startsWith('$') === true)
    useVariable(reading.http, word.value.slice(1).toLowerCase(), directive, word)
}

export const checkAuthRequestSet: Check = (reading, directive, facts) => {
  const [variable] = directive.args
  if (variable === undefined) return
  const program = programOf(reading, facts)
  if (!variable.value.startsWith('$') || variable.value.length === 1)
    report(reading, 'invalid-variable-name', directive, variable, `\`${variable.value}\` is no variable`)
  else defineName(reading, program, directive, variable, variable.value.slice(1))
}

export const checkPerlSet: Check = (reading, directive) => {
  const [variable] = directive.args
  if (variable !== undefined) defineVariable(reading, reading.http, directive, variable)
}

export const checkValidReferers: Check = (reading, directive, _facts, level) => {
  for (const word of directive.args) {
    const { value } = word
    if (value.startsWith('~')) {
      if (value.length === 1) return void refuse(reading, directive, word, 'the regular expression is empty')
      if (!compileRegex(reading, reading.http, directive, word, value.slice(1))) return
    } else if (value === '') return void refuse(reading, directive, word, 'a referer is empty')
    else if (!REFERER_WORDS.has(value) && !value.includes('/')) {
      const key = `referer ${value.toLowerCase()}`
      if (firstOf(level, key, directive) !== null)
        return void refuse(reading, directive, word, `the referer \`${value}\` is there twice`)
    }
  }
}

const REFERER_WORDS = new Set(['none', 'blocked', 'server_names'])

export const checkUserIdExpires: Check = (reading, directive) => {
  const [word] = directive.args
  if (word === undefined || word.value === 'max' || word.value === 'off') return
  if (parseTime(word.value, true) === null)
    refuse(reading, directive, word, `\`${word.value}\` is no time in seconds`)
}

const BROWSERS = new Set(['msie', 'gecko', 'opera', 'safari', 'konqueror'])

export const checkModernBrowser: Check = (reading, directive) => {
  const [browser, version] = directive.args
  if (browser === undefined) return
  if (version === undefined) {
    if (browser.value !== 'unlisted')
      refuse(reading, directive, browser, `\`${browser.value}\` has no version beside it`)
  } else if (!BROWSERS.has(browser.value))
    refuse(reading, directive, browser, `\`${browser.value}\` is no browser that nginx tells apart`)
  else if (!/^[\d.]+$/.test(version.value))
    refuse(reading, directive, version, `\`${version.value}\` is no version`)
}

export const checkThreadPool: Check = (reading, directive) => {
  let threads = false
  for (const word of directive.args.slice(1)) {
    const count = parameter(word, 'threads') ?? parameter(word, 'max_queue')
    // nginx passes over parameters that it does not know here.
    if (count === null) continue
    const number = parseNumber(count)
    const least = word.value.startsWith('threads=') ? 1 : 0
    if (number === null || number < least)
      return void refuse(reading, directive, word, `\`${word.value}\` is no number for a pool of threads`)
    if (least === 1) threads = true
  }
  if (!threads) refuse(reading, directive, directive.node.name, '`thread_pool` has no `threads`')
}

export const checkMailProtocol: Check = (reading, directive) => {
  const [word] = directive.args
  if (word !== undefined && !/^(?:imap|pop3|smtp)$/.test(word.value))
    refuse(
      reading,
      directive,
      word,
      `\`${word.value}\` is no protocol of mail: \`imap\`, \`pop3\` or \`smtp\``,
    )
}

export const checkUserIdMark: Check = (reading, directive) => {
  const [word] = directive.args
  if (word !== undefined && word.value !== 'off' && !/^[0-9A-Za-z=]$/.test(word.value))
    refuse(reading, directive, word, `\`${word.value}\` is neither \`off\` nor one letter, digit or \`=\``)
}
