import { isUnknownWord } from '../../parsers/text/source.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import { nginxMain, nginxServer, servedHtaccess } from '../_examples.ts'
import { policyFault } from './_content-security-policy.ts'
import { headersSet } from './_set-headers.ts'

const nginx = (line: string): string =>
  nginxMain(
    nginxServer(conf`
      root /srv/www;
      ${line}
    `),
  )

const apache = (line: string): string => conf`
  <VirtualHost *:80>
      ServerName example.org
      DocumentRoot /srv/www
      ${line}
  </VirtualHost>
`

export default defineRule({
  summary: 'Browsers do not understand the value of a header',
  severity: 'warning',
  confidence: 'high',
  ofLoneHtaccess: true,
  securitySeverity: 3.1,
  cwe: [693],
  since: '0.1.0',
  why: 'Browsers drop a header whose value they cannot read, and say so in their console alone. The protection that it is written for is not there.',
  remedy: 'Write the value as browsers know it',
  references: [
    'https://developer.mozilla.org/docs/Web/HTTP/Reference/Headers/X-Frame-Options',
    'https://www.rfc-editor.org/rfc/rfc6797#section-6.1',
    'https://www.w3.org/TR/CSP3/#grammardef-keyword-source',
    'https://www.rfc-editor.org/rfc/rfc9111#section-5.2',
  ],
  bad: [
    {
      title: 'a site that may show the page in a frame',
      files: {
        'etc/nginx/nginx.conf': nginx(
          'add_header X-Frame-Options «"ALLOW-FROM https://portal.example.org"» always;',
        ),
      },
    },
    {
      title: 'a colon for the sign',
      files: {
        'etc/nginx/nginx.conf': nginx('add_header Strict-Transport-Security «"max-age:31536000"» always;'),
      },
    },
    {
      title: 'keywords of a policy without their quotes',
      files: {
        'etc/nginx/nginx.conf': nginx('add_header Content-Security-Policy «"default-src self"» always;'),
      },
    },
    {
      title: 'in Apache',
      files: { 'site.conf': apache('Header always set X-Content-Type-Options «"no-sniff"»') },
    },
    {
      title: 'a type and its charset without a sign between',
      files: {
        'etc/nginx/nginx.conf': nginx('add_header Content-Type «"text/plain charset=UTF-8"»;'),
        'site.conf': apache('Header set Content-Type «"application/json charset=utf-8"»'),
      },
    },
    {
      title: 'a policy that is none',
      files: { 'etc/nginx/nginx.conf': nginx('add_header Referrer-Policy «"same origin"» always;') },
    },
    {
      title: 'semicolons for commas',
      files: { 'etc/nginx/nginx.conf': nginx('add_header Cache-Control «"no-store; no-cache; max-age=0"»;') },
    },
    {
      title: 'one semicolon in a list, in Apache',
      files: { 'site.conf': apache('Header set Cache-Control «"no-cache, private; max-age=0"»') },
    },
    {
      title: 'a colon in front of seconds',
      files: { 'etc/nginx/nginx.conf': nginx('add_header Cache-Control «"public, max-age: 3600"»;') },
    },
    {
      title: 'permissions as features were written',
      files: {
        'etc/nginx/nginx.conf': nginx(
          `add_header Permissions-Policy «"geolocation 'none'; camera 'self'"» always;`,
        ),
      },
    },
    {
      title: 'a colon behind the name of a directive',
      files: {
        'etc/nginx/nginx.conf': nginx(
          `add_header Content-Security-Policy «"default-src 'self'; frame-ancestors: 'none'"» always;`,
        ),
      },
    },
    {
      title: 'a directive that nobody knows, in Apache',
      files: {
        'site.conf': apache(
          `Header always set Content-Security-Policy «"default-src 'self'; frame-ancestor 'none'"»`,
        ),
      },
    },
    {
      title: 'a semicolon in the middle of the sources',
      files: {
        'etc/nginx/nginx.conf': nginx(
          `add_header Content-Security-Policy «"script-src 'self'; 'unsafe-inline'; img-src *"» always;`,
        ),
      },
    },
    {
      title: 'a directive twice',
      files: {
        'etc/nginx/nginx.conf': nginx(
          `add_header Content-Security-Policy «"script-src 'self'; img-src *; script-src 'self' 'unsafe-inline'"»;`,
        ),
      },
    },
    {
      title: 'by headers-more',
      files: {
        'nginx.conf': conf`
          server {
              listen 80;
              root /srv/www;
              more_set_headers -s '200 404' «"Permissions-Policy: autoplay 'none'; camera 'self'"»;
          }
        `,
      },
    },
    {
      title: 'flags of cookies that are a cookie of their own',
      files: {
        'site.conf': conf`
          <VirtualHost *:80>
              ServerName example.org
              Header always set Set-Cookie «"HttpOnly; Secure"»
          </VirtualHost>
        `,
      },
    },
    {
      title: 'in `.htaccess`',
      files: servedHtaccess(conf`
        Header set X-Content-Type-Options «"no-sniff"»
      `),
    },
  ],
  good: [
    {
      title: 'a cookie, and the flags of those of the application',
      files: {
        'site.conf': conf`
          <VirtualHost *:80>
              ServerName example.org
              Header add Set-Cookie "node=a; Path=/; HttpOnly; Secure"
              Header edit Set-Cookie ^(.*)$ "$1; HttpOnly; Secure"
          </VirtualHost>
        `,
      },
    },
    {
      title: 'permissions',
      files: {
        'etc/nginx/nginx.conf': nginx(
          'add_header Permissions-Policy "geolocation=(), camera=(self), interest-cohort=()" always;',
        ),
      },
    },
    {
      title: 'as browsers know them',
      files: {
        'etc/nginx/nginx.conf': nginx(conf`
          add_header X-Frame-Options SAMEORIGIN always;
          add_header X-Content-Type-Options nosniff always;
          add_header Referrer-Policy "no-referrer, strict-origin-when-cross-origin" always;
          add_header Content-Security-Policy "default-src 'self' https:; script-src 'self' 'unsafe-inline' self.example.org; frame-ancestors https://portal.example.org" always;
        `),
      },
    },
    {
      title: 'an old header beside the policy that browsers go by',
      files: {
        'etc/nginx/nginx.conf': nginx(conf`
          add_header X-Frame-Options "ALLOW-FROM https://portal.example.org" always;
          add_header Content-Security-Policy "frame-ancestors https://portal.example.org" always;
        `),
        'site.conf': apache(conf`
          Header always set X-Frame-Options "ALLOW-FROM https://portal.example.org"
          Header always set Content-Security-Policy "frame-ancestors https://portal.example.org"
        `),
      },
    },
    {
      title: 'what a variable holds',
      files: { 'etc/nginx/nginx.conf': nginx('add_header X-Frame-Options $frames always;') },
    },
    {
      title: 'a word that browsers drop, by which nothing is to be protected',
      files: { 'etc/nginx/nginx.conf': nginx('add_header X-Frame-Options ALLOWALL;') },
    },
    {
      title: 'a header of nobody',
      files: { 'etc/nginx/nginx.conf': nginx('add_header constructor value always;') },
    },
    {
      title: 'commas between the parts of `Cache-Control`, and a list in quotes',
      files: {
        'etc/nginx/nginx.conf': nginx(conf`
          add_header Cache-Control "public, max-age=3600";
          add_header Cache-Control 'private="a;b", max-age=60';
        `),
      },
    },
    {
      title: 'a time, which browsers find in front of the semicolon',
      files: { 'etc/nginx/nginx.conf': nginx('add_header Cache-Control "max-age=3600; public";') },
    },
    {
      title: 'policies of one header, directives of browsers of old and one that is repeated as it was',
      files: {
        'etc/nginx/nginx.conf': nginx(conf`
          add_header Content-Security-Policy "default-src 'self'; upgrade-insecure-requests;, img-src *; block-all-mixed-content; plugin-types a/b; reflected-xss block; img-src *";
          add_header Content-Security-Policy "Script-Src 'self'; require-trusted-types-for 'script'; sandbox";
        `),
      },
    },
    {
      title: 'by headers-more, a header taken away and others set as browsers know them',
      files: {
        'nginx.conf': conf`
          server {
              listen 80;
              root /srv/www;
              more_set_headers "X-Frame-Options:" "Referrer-Policy : no-referrer";
              more_set_headers "X-Content-Type-Options : nosniff";
          }
        `,
      },
    },
    {
      title: 'a time with other parts',
      files: {
        'site.conf': apache(
          'Header always set Strict-Transport-Security "max-age=31536000; includeSubDomains; preload;"',
        ),
      },
    },
  ],
  *check(deployment) {
    for (const { name: written, value, valueAt: at, others } of [...headersSet(deployment)].flat()) {
      const name = written.toLowerCase()
      const judge = Object.hasOwn(JUDGES, name) ? JUDGES[name] : undefined
      if (judge === undefined || value === '') continue
      if (isUnknownWord(value) || /[$%]\{?\w|\{\{|<%/.test(value)) continue
      // Quotes that are none are a finding of their own.
      if (/[\u2018-\u201F]/.test(value)) continue
      // `X-Frame-Options` is for browsers that know no policy.
      if (name === 'x-frame-options' && others().some(line => /frame-ancestors/i.test(line))) continue
      const fault = judge(value)
      if (fault !== null) yield { at, message: fault }
    }
  },
})

const POLICIES: ReadonlySet<string> = new Set([
  'no-referrer',
  'no-referrer-when-downgrade',
  'same-origin',
  'origin',
  'strict-origin',
  'origin-when-cross-origin',
  'strict-origin-when-cross-origin',
  'unsafe-url',
])

/** Why browsers drop a value; null where they understand it. */
type Judge = (value: string) => string | null

const JUDGES: Readonly<Record<string, Judge>> = {
  'x-frame-options'(value) {
    if (/^allow-from\b/i.test(value))
      return 'browsers know no `ALLOW-FROM`, and show the page in any frame: `frame-ancestors` of a policy names sites'
    // What browsers drop lets every site show the page, as is meant here.
    return /^(?:deny|sameorigin|allow(?:-?all)?)$/i.test(value)
      ? null
      : `browsers take \`DENY\` and \`SAMEORIGIN\`, and drop \`${value}\``
  },
  'content-type': value =>
    /^\s*[\w.+-]+\/[\w.+-]+\s+charset\s*=/i.test(value)
      ? 'a `;` stands between a type and its `charset`: browsers drop this, and guess a type'
      : null,
  'x-content-type-options': value =>
    /^nosniff(?:\s*,\s*nosniff)*$/i.test(value)
      ? null
      : `browsers take \`nosniff\` alone, and drop \`${value}\``,
  'strict-transport-security': value =>
    /(?:^|;)\s*max-age\s*=\s*(?:\d+|"\d+")\s*(?:;|$)/i.test(value)
      ? null
      : 'browsers need `max-age=` with a number of seconds, and drop this',
  // An attribute where the name of a cookie stands: the line was to mark the cookies of the application.
  'set-cookie'(value) {
    const [first = ''] = value.split(';').map(each => each.trim())
    return /^(?:httponly|secure|samesite(?:\s*=\s*(?:lax|strict|none))?)$/i.test(first)
      ? `this sends a cookie called \`${first.replace(/\s*=.*/, '')}\`, and the cookies of the application stay as they are`
      : null
  },
  'referrer-policy': value =>
    value.split(',').some(part => POLICIES.has(part.trim().toLowerCase()))
      ? null
      : `\`${value}\` is no policy that browsers know`,
  'cache-control'(value) {
    for (const part of value.replace(/"[^"]*"/g, '').split(',')) {
      const [colon] = /\b(?:s-maxage|max-age|stale-[a-z-]+)\s*:\s*\d+/i.exec(part) ?? []
      if (colon !== undefined)
        return `\`=\` stands between a name and its seconds: caches do not know \`${colon}\``
      const [first = '', ...others] = part.split(';').map(each => each.trim())
      if (/^[a-z-]+$/i.test(first) && others.some(each => each !== ''))
        return `commas stand between the parts of \`Cache-Control\`: caches take \`${part.trim()}\` for one, which they do not know`
    }
    return null
  },
  'permissions-policy'(value) {
    // The header of before, `Feature-Policy`, had this form.
    const old = value.split(';').find(part => /^\s*[a-z-]+\s+(?:'(?:none|self|src)'|\*|https?:)/.test(part))
    return old === undefined
      ? null
      : `\`${old.trim()}\` is written as for \`Feature-Policy\`, so browsers drop the header: it is \`geolocation=()\` or \`geolocation=(self)\`, with commas between`
  },
  'content-security-policy': policyFault,
  'content-security-policy-report-only': policyFault,
}
