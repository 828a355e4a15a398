/* SPDX-License-Identifier: Apache-2.0 */
#include "front/nap.h"

void nap_init(Nap *nap)
{
	*nap = (Nap){ 0 };
	g_mutex_init(&nap->lock);
}

void nap_clear(Nap *nap)
{
	g_mutex_clear(&nap->lock);
}

void nap_begin(Nap *nap)
{
	g_mutex_lock(&nap->lock);
	g_assert(!nap->asleep);
	nap->noticed = false;
	g_mutex_unlock(&nap->lock);
}

bool nap_fall_asleep(Nap *nap)
{
	g_mutex_lock(&nap->lock);
	bool asleep = !nap->noticed;
	nap->asleep = asleep;
	g_mutex_unlock(&nap->lock);
	return asleep;
}

bool nap_notice(Nap *nap, bool expired)
{
	g_mutex_lock(&nap->lock);
	bool woken = nap->asleep;
	nap->asleep = false;
	nap->noticed = true;
	nap->expired = nap->expired || expired;
	g_mutex_unlock(&nap->lock);
	return woken;
}

bool nap_is_expired(Nap *nap)
{
	g_mutex_lock(&nap->lock);
	bool expired = nap->expired;
	g_mutex_unlock(&nap->lock);
	return expired;
}
