import type { LiveAnswer, LiveCase } from '../live-case.ts'

/** By the header that mod_cache adds. */
function isHit({ headers }: { readonly headers: Readonly<Record<string, unknown>> }): boolean {
  return String(headers['x-cache']).startsWith('HIT')
}

/** What the backend was told of the length of another body. */
async function lengthOfNext(request: LiveAnswer['request']): Promise<unknown> {
  const body = 'b'.repeat(30_000)
  const { report } = await request({ url: 'http://example.org/find', method: 'POST', body })
  return report?.HTTP_CONTENT_LENGTH
}

/** What nginx says of its cache when it is asked again behind a turn of its cache manager, which comes every ten seconds. */
async function laterStatus(request: LiveAnswer['request']): Promise<unknown> {
  await new Promise(resolve => setTimeout(resolve, 13_000))
  return (await request({ url: 'http://example.org/picture' })).headers['x-cache']
}

export const cases: readonly LiveCase[] = [
  {
    rule: 'caching/cache-root-missing',
    examples: { bad: 'no directory', good: 'a directory' },
    shows: 'the second request is no hit either',
    files: { 'srv/www/page.txt': 'page', 'var/cache/apache2/mod_cache_disk/': '' },
    request: { url: 'http://example.org/page.txt' },
    harm: async ({ request }) => !isHit(await request({ url: 'http://example.org/page.txt' })),
    sound: async ({ request }) => isHit(await request({ url: 'http://example.org/page.txt' })),
  },
  {
    rule: 'caching/key-incomplete',
    examples: { bad: 'without the query', good: 'scheme, name and query' },
    shows: 'the second page is answered with the first',
    mirrors: [9000],
    request: { url: 'http://example.org/list?page=1' },
    harm: async ({ request }) =>
      (await request({ url: 'http://example.org/list?page=2' })).report?.path === '/list?page=1',
    sound: async ({ request }) =>
      (await request({ url: 'http://example.org/list?page=2' })).report?.path === '/list?page=2',
  },
  {
    rule: 'caching/key-incomplete',
    shows: 'one site is answered with a page of the other',
    examples: { bad: 'without the name', good: 'scheme, name and query' },
    mirrors: [9000],
    request: { url: 'http://a.example.org/' },
    harm: async ({ request }) =>
      (await request({ url: 'http://b.example.org/' })).report?.HTTP_HOST === 'a.example.org',
    sound: async ({ request }) =>
      (await request({ url: 'http://b.example.org/' })).report?.HTTP_HOST === 'b.example.org',
  },
  {
    rule: 'caching/key-incomplete',
    shows: 'one virtual host of Apache is answered with a page of the other',
    examples: {
      bad: 'the key of nginx, for the virtual hosts of one Apache',
      good: 'the name of the site in the key, for the virtual hosts of one Apache',
    },
    request: { url: 'http://bread.example.org/index.html' },
    harm: async ({ response, request }) =>
      response.body.trim() === 'bread' &&
      (await request({ url: 'http://cars.example.org/index.html' })).body.trim() === 'bread',
    sound: async ({ request }) =>
      (await request({ url: 'http://cars.example.org/index.html' })).body.trim() === 'cars',
  },
  {
    rule: 'caching/key-incomplete',
    shows: 'another page is answered with the first',
    examples: { bad: 'without the path', good: 'scheme, name and query' },
    mirrors: [9000],
    request: { url: 'http://a.example.org/one' },
    harm: async ({ request }) => (await request({ url: 'http://a.example.org/two' })).report?.path === '/one',
    sound: async ({ request }) =>
      (await request({ url: 'http://a.example.org/two' })).report?.path === '/two',
  },
  {
    rule: 'caching/key-incomplete',
    shows: 'after a HEAD everybody gets an empty page',
    examples: { bad: 'an empty page by HEAD', good: 'a key for FastCGI' },
    files: {
      'srv/www/index.php': '<?php echo "page";',
      'etc/php/8.2/fpm/pool.d/site.conf':
        '[site]\nuser = www-data\nlisten = /run/php/site.sock\nlisten.mode = 0666\npm = static\npm.max_children = 1\n',
    },
    request: { url: 'http://example.org/', method: 'HEAD' },
    harm: async ({ request }) => (await request({ url: 'http://example.org/' })).body === '',
    sound: async ({ request }) => (await request({ url: 'http://example.org/' })).body === 'page',
  },
  {
    rule: 'caching/set-cookie-cached',
    examples: { bad: 'cookies are no reason not to cache', good: 'the cookie is taken out' },
    shows: 'the second client gets the cookie of the first',
    mirrors: [9000],
    request: { url: 'http://example.org/page?set-cookie=first' },
    harm: async ({ response, request }) => {
      const again = await request({ url: 'http://example.org/page?set-cookie=first' })
      // It says when it was made.
      return (
        /made=/.test(String(response.headers['set-cookie'])) &&
        String(again.headers['set-cookie']) === String(response.headers['set-cookie'])
      )
    },
    sound: ({ response }) => response.headers['set-cookie'] === undefined,
  },
  {
    rule: 'caching/authorization-shared',
    examples: { bad: 'an API', good: 'requests with credentials are not cached' },
    shows: 'a client without a token gets what another one got by its own',
    mirrors: [9000],
    request: { url: 'http://api.example.org/api/me', headers: { Authorization: 'Bearer alice' } },
    harm: async ({ request }) =>
      (await request({ url: 'http://api.example.org/api/me' })).report?.HTTP_AUTHORIZATION === 'Bearer alice',
    sound: async ({ request }) =>
      (await request({ url: 'http://api.example.org/api/me' })).report?.HTTP_AUTHORIZATION === undefined,
  },
  {
    rule: 'caching/never-stored',
    examples: { bad: 'answers that are not buffered', good: 'buffered, and kept for ten minutes' },
    shows: 'the second request goes to the backend too',
    mirrors: [9000],
    request: { url: 'http://example.org/page' },
    harm: async ({ request }) =>
      (await request({ url: 'http://example.org/page' })).headers['x-cache'] !== 'HIT',
    sound: async ({ request }) =>
      (await request({ url: 'http://example.org/page' })).headers['x-cache'] === 'HIT',
  },
  {
    rule: 'caching/never-stored',
    shows: 'nothing says how long an answer holds',
    examples: {
      bad: 'what the backend says of it ignored, and nothing else said',
      good: 'buffered, and kept for ten minutes',
    },
    mirrors: [9000],
    request: { url: 'http://example.org/page' },
    harm: async ({ request }) =>
      (await request({ url: 'http://example.org/page' })).headers['x-cache'] !== 'HIT',
    sound: async ({ request }) =>
      (await request({ url: 'http://example.org/page' })).headers['x-cache'] === 'HIT',
  },
  {
    rule: 'caching/errors-kept',
    examples: { bad: 'every answer', good: 'pages alone' },
    shows: 'an error is answered from the cache',
    mirrors: [9000],
    request: { url: 'http://example.org/page?status=502' },
    harm: async ({ request }) =>
      (await request({ url: 'http://example.org/page?status=502' })).headers['x-cache'] === 'HIT',
    sound: async ({ request }) =>
      (await request({ url: 'http://example.org/page?status=502' })).headers['x-cache'] !== 'HIT',
  },
  {
    rule: 'caching/valid-behind-any',
    examples: { bad: 'what is not there, for a second', good: '`any` comes last' },
    shows: 'what is not there is answered from the cache after more than a second',
    mirrors: [9000],
    request: { url: 'http://example.org/page?status=404' },
    harm: async ({ request }) => {
      await new Promise(resolve => setTimeout(resolve, 2200))
      return (await request({ url: 'http://example.org/page?status=404' })).headers['x-cache'] === 'HIT'
    },
    sound: async ({ request }) => {
      await new Promise(resolve => setTimeout(resolve, 2200))
      return (await request({ url: 'http://example.org/page?status=404' })).headers['x-cache'] !== 'HIT'
    },
  },
  {
    rule: 'caching/bypass-still-stores',
    examples: { bad: 'by the cookie of a session', good: 'neither looked for nor kept' },
    shows: 'a client without a cookie gets what was made for one with a session',
    mirrors: [9000],
    request: { url: 'http://example.org/me', headers: { Cookie: 'session=alice' } },
    harm: async ({ request }) =>
      (await request({ url: 'http://example.org/me' })).report?.HTTP_COOKIE === 'session=alice',
    sound: async ({ request }) =>
      (await request({ url: 'http://example.org/me' })).report?.HTTP_COOKIE === undefined,
  },
  {
    rule: 'caching/key-incomplete',
    shows: 'a large body gets the answer to another one',
    examples: {
      bad: 'requests that are kept by their body, where that may be large',
      good: 'large bodies are left out of the cache',
    },
    mirrors: [9000],
    request: { url: 'http://example.org/find', method: 'POST', body: 'a'.repeat(20_000) },
    harm: async ({ request }) => (await lengthOfNext(request)) === '20000',
    sound: async ({ request }) => (await lengthOfNext(request)) === '30000',
  },
  {
    rule: 'caching/key-incomplete',
    shows: 'one search is answered with what another one got',
    examples: { bad: 'requests that are kept by their body', good: 'the body, and the part of the file' },
    mirrors: [9000],
    request: {
      url: 'http://example.org/search',
      method: 'POST',
      body: 'one',
      headers: { 'X-Search': 'one' },
    },
    harm: async ({ request }) =>
      (
        await request({
          url: 'http://example.org/search',
          method: 'POST',
          body: 'two',
          headers: { 'X-Search': 'two' },
        })
      ).report?.HTTP_X_SEARCH === 'one',
    sound: async ({ request }) =>
      (
        await request({
          url: 'http://example.org/search',
          method: 'POST',
          body: 'two',
          headers: { 'X-Search': 'two' },
        })
      ).report?.HTTP_X_SEARCH !== 'one',
  },
  {
    rule: 'caching/inactive-below-valid',
    examples: { bad: 'a month, and nothing is said of inactive', good: 'as long as answers are kept' },
    shows: 'what nobody asks for during `inactive` is fetched again',
    mirrors: [9000],
    // The default of ten minutes, made a second; of two the last one holds.
    smaller: { 'max_size=1g': 'max_size=1g inactive=1s' },
    request: { url: 'http://example.org/picture' },
    harm: async ({ request }) => (await laterStatus(request)) === 'MISS',
    sound: async ({ request }) => (await laterStatus(request)) === 'HIT',
  },
]
