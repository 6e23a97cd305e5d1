import type { Place } from '../../parsers/text/source.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule, type RuleFinding } from '../../src/engine/rule.ts'
import type { FileSystem } from '../../src/files/file-system.ts'
import type { ApacheConfiguration } from '../../src/servers/apache/configuration.ts'
import { everywhere } from '../../src/servers/apache/queries/htaccess.ts'
import { argumentPlace, isSettled } from '../../src/servers/apache/queries/places.ts'
import { placedRules } from '../../src/servers/apache/queries/rewriting.ts'
import { rewritingDirectory, rewritingHost } from '../_rewriting-examples.ts'
import { redirectWords } from './_redirects.ts'

export default defineRule({
  summary: 'A redirect to a URL that is written wrongly',
  severity: 'error',
  otherSeverities: { warning: 'where a backend of this machine is redirected to' },
  confidence: 'high',
  ofLoneHtaccess: true,
  since: '0.1.0',
  why: 'mod_rewrite knows a URL by `http://` or `https://` at its beginning; `ws://` is one of a backend, which `[P]` asks. Whatever else stands there (`hhttps://`, `http//`, `<https://…>`) is a path, so that clients are sent to `https://example.org/srv/www/hhttps://…`. Flags without a blank in front are a part of the URL.',
  remedy: 'Write the URL by itself, beginning with `http://` or `https://`, and a blank before the flags',
  references: ['https://httpd.apache.org/docs/2.4/mod/mod_rewrite.html#rewriterule'],
  bad: [
    {
      title: 'a backend of WebSocket, without the flag that asks it',
      files: {
        'site.conf': rewritingHost(conf`
          RewriteEngine On
          RewriteCond %{HTTP:Upgrade} websocket [NC]
          RewriteRule ^/?(.*) «ws://127.0.0.1:3000/$1» [L]
        `),
      },
    },
    {
      title: 'a backend of this machine, without the flag that asks it',
      files: {
        'site.conf': rewritingHost(conf`
          RewriteRule ^/api/(.*)$ «http://localhost:5000/$1» [L,QSA]
        `),
      },
    },
    {
      title: 'a letter too many',
      files: rewritingDirectory('RewriteRule ^wiki$ «hhttps://wiki.example.org/» [R=302,L]'),
    },
    {
      title: 'a colon or a slash that is missing',
      files: rewritingDirectory(conf`
        RewriteRule ^wiki$ «http//wiki.example.org/» [R=302,L]
        RewriteRule ^shop$ «https:/shop.example.org/» [R=302,L]
      `),
    },
    {
      title: 'the brackets of an e-mail and of Markdown',
      files: rewritingDirectory(conf`
        RewriteRule ^wiki$ «<https://wiki.example.org/>» [R=302,L]
        RewriteRule ^shop$ «[https://shop.example.org/](https://shop.example.org/)» [R=302,L]
      `),
    },
    {
      title: 'flags without a blank before them',
      files: { 'site.conf': rewritingHost('RewriteRule ^/wiki$ «https://wiki.example.org/[R=302,L]»') },
    },
    {
      title: 'in Redirect, and a scheme before another',
      files: {
        'site.conf': rewritingHost(conf`
          Redirect /wiki «htttps://wiki.example.org/»
          RedirectMatch 301 ^/shop/(.*)$ «https://https://shop.example.org/$1»
        `),
      },
    },
    {
      title: 'a target of RedirectMatch without its slash',
      files: { 'site.conf': rewritingHost('RedirectMatch 301 ^/blog/(.*)$ «posts/$1»') },
    },
  ],
  good: [
    {
      title: 'a group that has the slash',
      files: {
        'site.conf': rewritingHost(conf`
          RedirectMatch 301 ^/blog(/.*)$ $1
          RedirectMatch 301 ^/shop$ shop-app://open
        `),
      },
    },
    {
      title: 'a backend of WebSocket that is asked',
      files: {
        'site.conf': rewritingHost(conf`
          RewriteEngine On
          RewriteCond %{HTTP:Upgrade} websocket [NC]
          RewriteRule ^/?(.*) ws://127.0.0.1:3000/$1 [P,L]
        `),
      },
    },
    {
      title: 'a backend of this machine that is asked, and a redirect of a machine for development',
      files: {
        'site.conf': rewritingHost(conf`
          RewriteRule ^/api/(.*)$ http://localhost:5000/$1 [P,L]
          RewriteRule ^/old$ http://localhost:8080/new [R,L]
          RewriteCond %{HTTP_HOST} ^localhost
          RewriteRule ^/(.*)$ https://localhost:8443/$1 [L]
          RewriteRule ^/page$ http://localhost/other [L]
        `),
      },
    },
    {
      title: 'URLs, and a URL within another',
      files: {
        'site.conf': rewritingHost(conf`
          RewriteRule ^/wiki$ https://wiki.example.org/[en] [R=302,NE,L]
          RewriteRule ^/old/(.*)$ https://archive.example.org/https://example.org/$1 [R=302,L]
          RewriteRule ^/app$ ws://127.0.0.1:8000/ [P]
          RewriteRule ^/http/(.*)$ /protocols/http/$1 [L]
          Redirect /call tel:+49123
          Redirect /app shop-app://open
        `),
      },
    },
    {
      title: 'a directory that is called like it, where nothing is redirected',
      files: rewritingDirectory('RewriteRule ^specs/(.*)$ http/$1 [L]'),
    },
  ],
  *check({ apache, filesOf }) {
    for (const configuration of apache) {
      const files = filesOf(configuration)
      for (const { at, text } of targets(configuration, files)) {
        const fault = faultOf(text)
        if (fault !== null) yield { at, message: fault }
      }
      yield* relativeMatches(configuration, files)
      yield* redirectedSockets(configuration, files)
      yield* redirectedBackends(configuration, files)
    }
  },
})

/** `Redirect` refuses a target that is neither a path nor a URL; `RedirectMatch` finds it out with each request. */
function* relativeMatches(configuration: ApacheConfiguration, files: FileSystem): Iterable<RuleFinding> {
  for (const directive of everywhere(configuration, files, 'redirectmatch')) {
    const index = redirectWords(directive)?.target
    const target = index === undefined ? undefined : directive.args[index]?.value
    if (index === undefined || target === undefined || !isSettled(target)) continue
    // Of what a group begins with nobody knows whether it has the slash.
    if (!/^[\w.-]+(?:\/|$|\$\d)/.test(target) || faultOf(target) !== null) continue
    yield {
      at: argumentPlace(directive, index),
      message: `\`${target}\` is neither a URL nor a path that begins with a slash, so httpd answers 500 (AH00674)`,
    }
  }
}

/** A backend of WebSocket that clients are sent to, where it is to be asked for them. */
function* redirectedSockets(configuration: ApacheConfiguration, files: FileSystem): Iterable<RuleFinding> {
  for (const { directive, output, flags, settled, isRefusal } of placedRules(configuration, files)) {
    if (!settled || isRefusal || flags.has('P') || !/^wss?:\/\//i.test(output)) continue
    yield {
      at: argumentPlace(directive, 1),
      message: `without \`[P]\` this is a redirect to \`${output}\`, which no client of WebSocket follows`,
      help: 'Write `[P,L]` behind it',
    }
  }
}

/** A backend on a port of this machine that clients are sent to: to their own machine, where nothing is. */
function* redirectedBackends(configuration: ApacheConfiguration, files: FileSystem): Iterable<RuleFinding> {
  for (const { directive, output, flags, settled, isRefusal, conditions } of placedRules(
    configuration,
    files,
  )) {
    const backend = /^https?:\/\/(?:localhost|127\.0\.0\.1|\[::1\]):\d+/i.exec(output)?.[0]
    // Whoever writes `R` means a redirect, and asks for it on a machine for development.
    if (!settled || isRefusal || backend === undefined || flags.has('P') || flags.has('R')) continue
    if (conditions.some(({ pattern }) => /localhost|127\\?\.0/i.test(pattern))) continue
    yield {
      at: argumentPlace(directive, 1),
      severity: 'warning',
      message: `without \`[P]\` this is a redirect to \`${backend}\`, which is the machine of the client`,
      help: 'Write `[P,L]` behind it',
    }
  }
}

interface Target {
  readonly at: Place
  readonly text: string
}

function* targets(configuration: ApacheConfiguration, files: FileSystem): Generator<Target> {
  for (const { directive, output, settled, isRefusal } of placedRules(configuration, files))
    if (settled && !isRefusal) yield { at: argumentPlace(directive, 1), text: output }
  for (const name of ['redirect', 'redirectpermanent', 'redirecttemp', 'redirectmatch']) {
    for (const directive of everywhere(configuration, files, name)) {
      const index = redirectWords(directive)?.target ?? 0
      const text = directive.args[index]?.value
      if (text !== undefined && isSettled(text)) yield { at: argumentPlace(directive, index), text }
    }
  }
}

function faultOf(text: string): string | null {
  const wrapped = /^<https?:\/\/.*>$|^\[?https?:\/\/[^\]]*\]\(https?:\/\/.*\)$/i.test(text)
  if (wrapped) return `\`${text}\` is no URL but a path: brackets stand around the URL`
  const flags = /^https?:\/\/.*[^\s[](\[(?:R(?:=\d+)?|L|NE|NC|QSA|P|END)(?:,[^\]]*)?\])$/i.exec(text)?.[1]
  if (flags !== undefined) return `\`${flags}\` is a part of the URL, because no blank stands before it`
  const twice = /^https?:\/\/(https?):\/\//i.exec(text)?.[1]
  if (twice !== undefined) return `\`${text}\` leads to a host that is called \`${twice}\``
  const [, scheme = '', between = ''] = /^([a-z]+)(:\/\/|:\/(?!\/)|\/\/)/i.exec(text) ?? []
  if (!isHttp(scheme) || (between === '://' && /^https?$/i.test(scheme))) return null
  return between === '://'
    ? `no scheme is called \`${scheme}\`, so \`${text}\` leads nowhere`
    : `\`${text}\` is a path and no URL: \`://\` is not behind \`${scheme}\``
}

/** `http`, `https`, and what a slip of the hand makes of them. */
function isHttp(scheme: string): boolean {
  return /^(?:h+t+p+s*|h*t{1,3}ps?|hpt+s?|htp+s?|hhtps?|httsp?|https?s)$/i.test(scheme)
}
