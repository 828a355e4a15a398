/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "client/disk/disk_faulty.h"
#include "client/disk/disk_memory.h"
#include "client/engine/engine.h"
#include "sim_world.h"

/*
 * One device: a person, a disk in memory, and the real engine between it and the server. Its
 * process can be killed, its power cut, its network pulled.
 */
typedef struct SimDevice SimDevice;

/* lazy: its disk is a mount's, where no byte stays that the server has. */
SimDevice *sim_device_new(SimWorld *world, const char *name, const char *folder, bool lazy);
void sim_device_free(SimDevice *device);

/* For scripts: as somebody at the device sees and changes it, and the engine that follows. */
DiskMemory *sim_device_disk(SimDevice *device);
Engine *sim_device_engine(SimDevice *device);

/* Before each plain call of the engine to the disk, besides accidents. NULL: none. */
void sim_device_set_hook(SimDevice *device, DiskHook hook, void *data);

/* The person does something. */
void sim_device_act(SimDevice *device);
/* The person leaves out a folder, or takes one in again. */
void sim_device_choose(SimDevice *device);
void sim_device_take_in_all(SimDevice *device);
/* Is this path, or what it lies in, left out on this device? */
bool sim_device_leaves_out(SimDevice *device, const char *path);
/* The engine makes a step. False if there was nothing to do. */
/* The person renames what the drive refuses beside a name that differs only in case. */
void sim_device_part_twins(SimDevice *device);
bool sim_device_step(SimDevice *device);
/* One of its jobs runs. False if that was only to hear that there is no news. */
bool sim_device_run_job(SimDevice *device);

/* From now on the engine may hear later that a job is done: first, for one, of what it has done. */
void sim_device_set_lag(SimDevice *device);
/* While on, it is not heard that the first job from now on is done. */
void sim_device_hold_first(SimDevice *device, bool on);
/* So many of a hundred answers of the server are lost. */
void sim_device_set_deaf(SimDevice *device, unsigned percent);
void sim_device_set_online(SimDevice *device, bool online);
void sim_device_kill(SimDevice *device);
void sim_device_cut_power(SimDevice *device);

bool sim_device_is_settled(SimDevice *device);
/* Why it is not, for people. Free with g_free(). */
char *sim_device_describe(SimDevice *device);

typedef void (*SimDeviceVisitor)(const char *path, const char *kind, const void *bytes, size_t size,
				 void *data);
/* Everything that the person sees. bytes NULL for folders. */
void sim_device_each(SimDevice *device, SimDeviceVisitor visit, void *data);
