import { ALLOW, apacheDirective, apacheSection } from '../../../src/servers/apache/directives.ts'
import type { Files, Lay } from '../files.ts'
import {
  bare,
  changed,
  type Entry,
  everyEntry,
  type Forest,
  forestOf,
  is,
  isHtaccess,
  isOfApache,
  line,
  ofEntries,
  section,
  textOf,
  withModules,
} from './trees.ts'

/** The one file of Apache's own that has this; null where several have it. */
function onlyFile(
  files: Files,
  has: (text: string) => boolean,
): readonly [path: string, forest: Forest] | null {
  const [found, ...others] = Object.entries(files).filter(
    ([path, text]) => isOfApache(path, text) && !isHtaccess(path) && has(text),
  )
  if (found === undefined || others.length > 0) return null
  const forest = forestOf(found[1])
  return forest === null ? null : [found[0], forest]
}

function mainFile(files: Files): readonly [path: string, forest: Forest] | null {
  return onlyFile(files, text => /^LoadModule\s/m.test(text) && /^ServerRoot\s/m.test(text))
}

function hostsIn(forest: Forest): Forest {
  return forest.filter(entry => is(entry, '<VirtualHost'))
}

/** The one virtual host of the one port, its lines in the main server. */
const hostToMain: Lay = files => {
  const [path, forest] = mainFile(files) ?? ['', []]
  const [host, ...others] = hostsIn(forest)
  if (
    host === undefined ||
    others.length > 0 ||
    Object.values(files).join('\n').split('<VirtualHost').length > 2
  )
    return null
  const ports = forest.filter(entry => is(entry, 'Listen'))
  const port = /:(\d+)$/.exec(ports[0]?.rest ?? '')?.[1] ?? ports[0]?.rest
  const isEverything = host.rest === `*:${port}` || host.rest === ports[0]?.rest || host.rest === '*'
  if (ports.length !== 1 || !isEverything) return null
  const own = new Set(host.body?.map(({ name }) => name))
  const isMerged = forest.some(
    ({ name }) => /^Rewrite/.test(name) || (own.has(name) && !/^(?:<|Define|LoadModule)/.test(name)),
  )
  // Rewriting, handlers and the like are not inherited, so that two bodies cannot be made one.
  if (isMerged) return null
  return { ...files, [path]: textOf(forest.flatMap(entry => (entry === host ? (host.body ?? []) : [entry]))) }
}

const OF_SERVER_ALONE =
  /^(?:LoadModule|ServerRoot|ErrorLog|LogLevel|Listen|Include\w*|User|Group|Define|Mutex|PidFile|DefaultRuntimeDir|Timeout|MaxKeepAlive\w*|KeepAlive\w*|TypesConfig|AccessFileName|LogFormat|<If\w*|<Macro|Use|WSGIPython\w+|WSGISocket\w+|WSGILazy\w+|WSGIRestrict\w+)$/

/** The lines of the main server in a virtual host of its one port. */
const mainToHost: Lay = files => {
  const [path, forest] = mainFile(files) ?? ['', []]
  if (Object.values(files).some(text => /<VirtualHost|<Macro|^\s*Include/m.test(text))) return null
  const listens = forest.filter(entry => is(entry, 'Listen'))
  const port = /(?:^|:)(\d+)$/.exec(listens[0]?.rest ?? '')?.[1]
  const isOfHost = ({ name }: Entry): boolean => {
    const facts = name.startsWith('<')
      ? apacheSection(name.slice(1).toLowerCase())
      : apacheDirective(name.toLowerCase())
    return (
      name !== '' &&
      !OF_SERVER_ALONE.test(name) &&
      facts !== undefined &&
      (facts.allowed & (ALLOW.server | ALLOW.any)) !== 0 &&
      !facts.refused.has('virtualhost')
    )
  }
  const body = forest.filter(isOfHost)
  if (
    listens.length !== 1 ||
    port === undefined ||
    !body.some(entry => is(entry, 'DocumentRoot', 'ServerName'))
  )
    return null
  const rest = forest.filter(entry => !isOfHost(entry))
  return { ...files, [path]: textOf([...rest, section('', 'VirtualHost', `*:${port}`, body)]) }
}

/** The lines of `<Directory>` in the `.htaccess` that lies there. */
const directoryToHtaccess: Lay = files => {
  const laid: Record<string, string> = { ...files }
  const moved = ofEntries((entry, _, { files: given }) => {
    const directory = bare(entry.rest).replace(/\/$/, '')
    if (!is(entry, '<Directory') || !/^\/(?:srv|var\/www|opt|home)\/[\w./-]+$/.test(directory)) return [entry]
    const path = `${directory.slice(1)}/.htaccess`
    const body = entry.body ?? []
    const isMovable = body.every(each => each.name === '' || is(each, 'AllowOverride') || isOfHtaccess(each))
    const isSeen = Object.keys(given).some(each => each.startsWith(`${directory.slice(1)}/`))
    if (
      !isMovable ||
      !isSeen ||
      laid[path] !== undefined ||
      body.every(each => is(each, 'AllowOverride', ''))
    )
      return [entry]
    laid[path] = textOf(body.filter(each => !is(each, 'AllowOverride')))
    return [{ ...entry, body: [line(`${entry.indent}    `, 'AllowOverride', 'All')] }]
  })(files)
  return moved === null
    ? null
    : changed(files, {
        ...laid,
        ...Object.fromEntries(Object.entries(moved).filter(([path, text]) => files[path] !== text)),
      })
}

function isOfHtaccess(entry: Entry): boolean {
  const facts = entry.name.startsWith('<')
    ? apacheSection(entry.name.slice(1).toLowerCase())
    : apacheDirective(entry.name.toLowerCase())
  return (
    facts !== undefined &&
    (facts.allowed & ALLOW.any) !== 0 &&
    (entry.body ?? []).every(each => each.name === '' || isOfHtaccess(each))
  )
}

/** The lines of a `.htaccess` in the `<Directory>` that lets it say everything. */
const htaccessToDirectory: Lay = files => {
  const laid: Record<string, string> = { ...files }
  let isMoved = false
  for (const [path, text] of Object.entries(files)) {
    const moved = isHtaccess(path) ? forestOf(`${text.trimEnd()}\n`) : null
    if (moved === null) continue
    const directory = `/${path.replace(/\/?\.htaccess$/, '')}`
    const found = ofEntries(entry => {
      if (!is(entry, '<Directory') || bare(entry.rest).replace(/\/$/, '') !== directory) return [entry]
      const allows = entry.body?.some(each => is(each, 'AllowOverride') && /^all$/i.test(each.rest)) === true
      if (!allows) return [entry]
      const body = entry.body ?? []
      const own = new Set(moved.map(({ name }) => name))
      if (body.some(({ name }) => name !== '' && own.has(name))) return [entry]
      return [{ ...entry, body: [...body, ...moved] }]
    })(laid)
    if (found === null) continue
    Object.assign(laid, found)
    delete laid[path]
    isMoved = true
  }
  return isMoved ? laid : null
}

/** What a virtual host holds in a file of its own, which it includes. */
const includedBody: Lay = files => {
  const [path, forest] = mainFile(files) ?? ['', []]
  const [host] = hostsIn(forest)
  if (
    host?.body == null ||
    everyEntry(host.body).some(({ name }) => /^(?:Include|Define|<If|Use|UnDefine)/.test(name))
  )
    return null
  const include = line(`${host.indent}    `, 'Include', '/etc/apache2/shop.inc.conf')
  const laid = forest.map(entry => (entry === host ? { ...entry, body: [include] } : entry))
  return { ...files, [path]: textOf(laid), 'etc/apache2/shop.inc.conf': textOf(host.body) }
}

/** The virtual hosts in `sites-enabled`, modules in `mods-enabled`, as Debian has them. */
const sitesEnabled: Lay = files => {
  const [path, forest] = mainFile(files) ?? ['', []]
  const hosts = hostsIn(forest)
  if (
    path !== 'etc/apache2/apache2.conf' ||
    hosts.length === 0 ||
    forest.some(({ name }) => name.startsWith('Include'))
  )
    return null
  const modules = forest.filter(entry => is(entry, 'LoadModule'))
  const main = forest.flatMap(entry => {
    if (entry === modules[0]) return [line('', 'IncludeOptional', 'mods-enabled/*.load')]
    if (entry === hosts.at(-1)) return [line('', 'IncludeOptional', 'sites-enabled/*.conf')]
    return modules.includes(entry) || hosts.includes(entry) ? [] : [entry]
  })
  return {
    ...files,
    [path]: textOf(main),
    'etc/apache2/mods-enabled/all.load': textOf(modules),
    'etc/apache2/sites-enabled/000-default.conf': textOf(hosts),
  }
}

/** The directories of Red Hat: `conf/httpd.conf`, `conf.modules.d`, `conf.d`. */
const redHat: Lay = files => {
  const [path, forest] = mainFile(files) ?? ['', []]
  if (path !== 'etc/apache2/apache2.conf' || forest.some(({ name }) => name.startsWith('Include')))
    return null
  const hosts = hostsIn(forest)
  const modules = forest.filter(entry => is(entry, 'LoadModule'))
  const main = forest.flatMap(entry => {
    if (entry === modules[0]) return [line('', 'Include', 'conf.modules.d/*.conf')]
    if (entry === hosts.at(-1)) return [line('', 'IncludeOptional', 'conf.d/*.conf')]
    return modules.includes(entry) || hosts.includes(entry) ? [] : [entry]
  })
  const laid = Object.entries({
    ...files,
    [path]: textOf(main),
    'etc/apache2/conf.modules.d/00-base.conf': textOf(modules).replaceAll(
      '/usr/lib/apache2/modules/',
      'modules/',
    ),
    ...(hosts.length > 0 && { 'etc/apache2/conf.d/shop.conf': textOf(hosts) }),
  }).map(([place, text]): readonly [string, string] => [
    place === path ? 'etc/httpd/conf/httpd.conf' : place.replace(/^etc\/apache2\//, 'etc/httpd/'),
    isOfApache(place, text)
      ? text.replaceAll('/etc/apache2', '/etc/httpd').replaceAll('/var/log/apache2', '/var/log/httpd')
      : text,
  ])
  return Object.fromEntries(laid)
}

/** `Define` for the document root and its directory. */
const defined: Lay = files => {
  const [path] = mainFile(files) ?? onlyFile(files, text => /^\s*DocumentRoot\s/m.test(text)) ?? ['']
  const text = files[path] ?? ''
  const root = bare(/^\s*DocumentRoot\s+(\S+)/m.exec(text)?.[1] ?? '')
  if (!/^\/[\w./-]+$/.test(root) || /\$\{|^\s*Define/m.test(text)) return null
  const written = new RegExp(`(?<![\\w./-])${root.replaceAll('.', '\\.')}(?![\\w.-])`, 'g')
  return { ...files, [path]: `Define SITE_ROOT ${root}\n${text.replace(written, () => '${SITE_ROOT}')}` }
}

/** One virtual host as the body of a macro. */
const macro: Lay = files => {
  const [path, forest] = mainFile(files) ?? ['', []]
  const [host, ...others] = hostsIn(forest)
  const name = host?.body?.find(entry => is(entry, 'ServerName'))?.rest
  if (host === undefined || others.length > 0 || name === undefined || !/^[\w.-]+$/.test(name)) return null
  const text = textOf([host])
  if (/[$@]|<Macro|<If/.test(text)) return null
  const body = `<Macro Site $domain>\n${text.replaceAll(name, () => '$domain')}</Macro>\nUse Site ${name}\n`
  const [before, after] = textOf(forest).split(text)
  if (before === undefined || after === undefined) return null
  return withModules({ ...files, [path]: `${before}${body}${after}` }, ['macro'])
}

/** Beside a site on 443 the one on 80 that leads to it. */
const hostBeside: Lay = files => {
  const [path, forest] = mainFile(files) ?? ['', []]
  const [host] = hostsIn(forest)
  const name = host?.body?.find(entry => is(entry, 'ServerName'))?.rest
  const listens = forest.filter(entry => is(entry, 'Listen'))
  if (host?.rest !== '*:443' || name === undefined || listens.some(({ rest }) => /(?:^|:)80\b/.test(rest)))
    return null
  const beside = section('', 'VirtualHost', '*:80', [
    line('    ', 'ServerName', name),
    line('    ', 'Redirect', `permanent / https://${name}/`),
  ])
  const laid = forest.flatMap(entry =>
    entry === host ? [beside, entry] : entry === listens[0] ? [line('', 'Listen', '80'), entry] : [entry],
  )
  return withModules({ ...files, [path]: textOf(laid) }, ['alias'])
}

/** Where lines and files of Apache lie. */
export const apachePlaces: Readonly<Record<string, Lay>> = {
  apacheHostToMain: hostToMain,
  apacheMainToHost: mainToHost,
  apacheDirectoryToHtaccess: directoryToHtaccess,
  apacheHtaccessToDirectory: htaccessToDirectory,
  apacheIncludedBody: includedBody,
  apacheSitesEnabled: sitesEnabled,
  apacheRedHat: redHat,
  apacheDefined: defined,
  apacheMacro: macro,
  apacheHostBeside: hostBeside,
}
