/** Users, bots and apps as GitHub's JSON shows them. */
import type { Actor, App, Site } from '../store.ts'

/** Opaque ids of GitHub's GraphQL; only their being there matters. */
export const nodeId = (kind: string, id: number | string) =>
  Buffer.from(`${kind}:${id}`).toString('base64url')

export function renderUser({ login, id, type }: Actor, site: Site) {
  const name = encodeURIComponent(login)
  const url = `${site.url}/api/v3/users/${name}`
  return {
    login,
    id,
    node_id: nodeId('User', id),
    avatar_url: `${site.url}/avatars/u/${id}`,
    gravatar_id: '',
    url,
    html_url: `${site.url}/${name}`,
    followers_url: `${url}/followers`,
    following_url: `${url}/following{/other_user}`,
    gists_url: `${url}/gists{/gist_id}`,
    starred_url: `${url}/starred{/owner}{/repo}`,
    subscriptions_url: `${url}/subscriptions`,
    organizations_url: `${url}/orgs`,
    repos_url: `${url}/repos`,
    events_url: `${url}/events{/privacy}`,
    received_events_url: `${url}/received_events`,
    type,
    site_admin: false,
  }
}

export function renderApp({ id, slug, name }: App, site: Site) {
  return {
    id,
    slug,
    node_id: nodeId('App', id),
    owner: renderUser({ login: 'github', id: 9919, type: 'User' }, site),
    name,
    description: null,
    external_url: `${site.url}/apps/${slug}`,
    html_url: `${site.url}/apps/${slug}`,
    created_at: '2018-07-30T09:30:17Z',
    updated_at: '2024-04-10T20:33:16Z',
    permissions: { checks: 'write', contents: 'write', metadata: 'read' },
    events: [],
  }
}
