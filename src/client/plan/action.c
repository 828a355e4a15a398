/* SPDX-License-Identifier: Apache-2.0 */
#include "client/plan/plan.h"

void action_clear(Action *action)
{
	g_clear_pointer(&action->name, g_free);
}
