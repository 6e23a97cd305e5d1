import type { LiveCase } from '../live-case.ts'

export const cases: readonly LiveCase[] = [
  {
    rule: 'caching/key-incomplete',
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
    examples: { bad: 'without the name' },
    mirrors: [9000],
    request: { url: 'http://a.example.org/' },
    harm: async ({ request }) =>
      (await request({ url: 'http://b.example.org/' })).report?.HTTP_HOST === 'a.example.org',
    sound: async ({ request }) =>
      (await request({ url: 'http://b.example.org/' })).report?.HTTP_HOST === 'b.example.org',
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
    rule: 'caching/set-cookie-cached',
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
    examples: { bad: 'what the backend says of it ignored, and nothing else said' },
    mirrors: [9000],
    request: { url: 'http://example.org/page' },
    harm: async ({ request }) =>
      (await request({ url: 'http://example.org/page' })).headers['x-cache'] !== 'HIT',
    sound: async ({ request }) =>
      (await request({ url: 'http://example.org/page' })).headers['x-cache'] === 'HIT',
  },
  {
    rule: 'caching/bypass-still-stores',
    shows: 'a client without a cookie gets what was made for one with a session',
    mirrors: [9000],
    request: { url: 'http://example.org/me', headers: { Cookie: 'session=alice' } },
    harm: async ({ request }) =>
      (await request({ url: 'http://example.org/me' })).report?.HTTP_COOKIE === 'session=alice',
    sound: async ({ request }) =>
      (await request({ url: 'http://example.org/me' })).report?.HTTP_COOKIE === undefined,
  },
]
